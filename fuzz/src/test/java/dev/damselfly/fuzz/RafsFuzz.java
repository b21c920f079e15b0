package dev.damselfly.fuzz;

import dev.damselfly.nydus.Bootstrap;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.Hostile;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Limits;
import dev.damselfly.nydus.RafsRefused;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Bootstraps of both versions: what is accepted holds the invariants of the format, as a walker of its own sees
/// them.
///
/// An input is a list of changes to a real image: one byte that chooses it, then `offset (3 bytes), length, bytes`;
/// a length of 0 cuts the image there. With 255 as the first byte, the rest is the bootstrap itself.
final class RafsFuzz implements Target {
  private static final int RAW = 255;
  private static final List<byte[]> BASES =
      Golden.names().stream().filter(name -> !name.contains("-full-")).map(name -> Golden.image(name).bootstrap())
          .toList();
  private static final List<String> BASE_NAMES =
      Golden.names().stream().filter(name -> !name.contains("-full-")).toList();

  public static void fuzzerTestOneInput(byte[] input) {
    new RafsFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    if (input.length == 0) {
      Accepted.no();
      return;
    }
    byte[] bootstrap = bootstrap(input);
    try {
      Image image = Bootstrap.read(MemorySegment.ofArray(bootstrap), Limits.standard());
      Accepted.yes();
      new RafsWalker(bootstrap, image).check();
    } catch (RafsRefused refused) {
      Accepted.no();
      if (refused.offset() < 0 || refused.offset() > bootstrap.length) {
        throw new AssertionError("the offset of a refusal lies outside", refused);
      }
    }
  }

  private static byte[] bootstrap(byte[] input) {
    int base = input[0] & 0xff;
    if (base == RAW) {
      return Arrays.copyOfRange(input, 1, input.length);
    }
    byte[] image = BASES.get(base % BASES.size()).clone();
    var in = ByteBuffer.wrap(input, 1, input.length - 1).order(ByteOrder.LITTLE_ENDIAN);
    while (in.remaining() >= 5 && image.length > 0) {
      int word = in.getInt();
      int at = (word & 0xff_ffff) % image.length;
      int length = Math.min(Math.min(word >>> 24, in.remaining()), image.length - at);
      if (word >>> 24 == 0) {
        image = Arrays.copyOf(image, at);
      } else {
        in.get(image, at, length);
      }
    }
    return image;
  }

  @Override
  public String name() {
    return "rafs";
  }

  @Override
  public String oracle() {
    return "accepted: invariants by an independent walker; refused: offset inside";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(Bootstrap.class, Image.class);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int i = 0; i < BASES.size(); i++) {
      seeds.add(new byte[] {(byte) i});
    }
    List<Hostile> hostile = Hostile.all();
    for (int i = 0; i < hostile.size(); i += 2) { // each is tested by itself; here they are only places to start from
      int base = BASE_NAMES.indexOf(hostile.get(i).base());
      if (hostile.get(i).expect().equals("reject")) {
        seeds.add(changes(base, BASES.get(base), hostile.get(i).image().bootstrap()));
      }
    }
    byte[] small = Golden.image("v6-empty").bootstrap();
    seeds.add(ByteBuffer.allocate(small.length + 1).put((byte) RAW).put(small).array());
    return seeds;
  }

  private static byte[] changes(int base, byte[] from, byte[] to) {
    var out = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN).put((byte) base);
    for (int at = 0; at < Math.min(from.length, to.length) && out.remaining() > 300; at++) {
      int end = at;
      while (end < Math.min(from.length, to.length) && end - at < 255 && from[end] != to[end]) {
        end++;
      }
      if (end > at) {
        out.putInt(at | end - at << 24).put(to, at, end - at);
        at = end;
      }
    }
    if (to.length < from.length) {
      out.putInt(to.length).put((byte) 0);
    }
    return Arrays.copyOf(out.array(), out.position());
  }
}
