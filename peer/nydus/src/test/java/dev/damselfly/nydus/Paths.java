package dev.damselfly.nydus;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;

/// All paths of an image, as text: bytes that are no UTF-8 become the characters U+F780 to U+F7FF, as in the golden
/// files.
final class Paths {
  private Paths() {}

  static Map<String, Node> of(Image image) {
    var found = new TreeMap<String, Node>();
    var open = new ArrayDeque<String>();
    found.put("/", image.root());
    open.add("/");
    while (!open.isEmpty()) {
      String path = open.remove();
      Node directory = found.get(path);
      if (directory == null) {
        throw new AssertionError(path);
      }
      image.list(directory, entry -> {
        String child = (path.equals("/") ? "" : path) + "/" + text(entry.name().bytes());
        if (found.put(child, entry.node()) != null) {
          throw new AssertionError("twice: " + child);
        }
        if (entry.node().type() == NodeType.DIRECTORY) {
          open.add(child);
        }
      });
    }
    return found;
  }

  static String text(byte[] bytes) {
    var in = ByteBuffer.wrap(bytes);
    var out = CharBuffer.allocate(bytes.length + 1);
    var decoder = StandardCharsets.UTF_8.newDecoder();
    while (in.hasRemaining()) {
      CoderResult result = decoder.decode(in, out, true);
      if (result.isError()) {
        for (int i = 0; i < result.length(); i++) {
          out.put((char) (0xF700 + (in.get() & 0xff)));
        }
        decoder.reset();
      }
    }
    return out.flip().toString();
  }
}
