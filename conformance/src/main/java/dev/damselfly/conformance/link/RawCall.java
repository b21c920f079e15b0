package dev.damselfly.conformance.link;

import com.google.protobuf.MessageLite;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/// One gRPC call whose HTTP/2 frames are the observation. The caller's side stays open unless the case ends it.
public final class RawCall implements AutoCloseable {
  /// A frame of the program under test.
  ///
  /// @param kind HEADERS, TRAILERS, DATA, RST, GOAWAY, CLOSED
  /// @param detail status or error code as text
  public record Seen(String kind, String detail) {}

  private static final long BDP_WINDOW = 1 << 20;

  private final Transcript transcript;
  private final BlockingQueue<Seen> frames = new LinkedBlockingQueue<>();
  private final Channel channel;
  private final Frames handler = new Frames();
  private volatile @Nullable Http2FrameStream stream;

  private RawCall(Endpoint to, Credentials credentials, Transcript transcript) throws IOException, InterruptedException {
    this.transcript = transcript;
    var codec =
        Http2FrameCodecBuilder.forClient().initialSettings(Http2Settings.defaultSettings().initialWindowSize((int) BDP_WINDOW)).build();
    var tls = credentials.client();
    var connecting =
        new Bootstrap()
            .group(Wire.loops())
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel made) {
                    tls.ifPresent(context -> made.pipeline().addLast(context.newHandler(made.alloc())));
                    made.pipeline().addLast(codec, handler);
                  }
                })
            .connect(new InetSocketAddress(to.host(), to.port()))
            .await();
    if (!connecting.isSuccess()) {
      throw new IOException("cannot connect to " + to, connecting.cause());
    }
    this.channel = connecting.channel();
    var handler = channel.pipeline().get(SslHandler.class);
    if (handler != null && !handler.handshakeFuture().await().isSuccess()) {
      throw new IOException("no TLS with " + to, handler.handshakeFuture().cause());
    }
  }

  /// Opens the call and sends its headers.
  ///
  /// @param path `/package.Service/Method`
  /// @param timeout value of `grpc-timeout`; empty for none
  public static RawCall open(Endpoint to, Credentials credentials, String path, String timeout, Transcript transcript)
      throws IOException, InterruptedException {
    var call = new RawCall(to, credentials, transcript);
    var headers =
        new DefaultHttp2Headers()
            .method("POST")
            .scheme(credentials instanceof Credentials.Plain ? "http" : "https")
            .authority(to.toString())
            .path(path)
            .set("te", "trailers")
            .set("content-type", "application/grpc")
            .set("user-agent", "dfconf");
    if (!timeout.isEmpty()) {
      headers.set("grpc-timeout", timeout);
    }
    var stream = call.codecStream();
    call.stream = stream;
    transcript.note("suite", "HEADERS " + path + (timeout.isEmpty() ? "" : " grpc-timeout " + timeout));
    call.channel.writeAndFlush(new DefaultHttp2HeadersFrame(headers, false).stream(stream)).sync();
    return call;
  }

  private Http2FrameStream codecStream() throws InterruptedException {
    var made = new LinkedBlockingQueue<Http2FrameStream>();
    channel.eventLoop().execute(() -> made.add(handler.newStream()));
    return made.take();
  }

  /// Sends one message.
  public RawCall send(MessageLite message) throws InterruptedException {
    return write(message.toByteArray(), false);
  }

  /// Sends one message and ends the caller's side, as calls with one request do.
  public RawCall sendLast(MessageLite message) throws InterruptedException {
    return write(message.toByteArray(), true);
  }

  private RawCall write(byte[] message, boolean last) throws InterruptedException {
    ByteBuf body = Unpooled.buffer(message.length + 5);
    body.writeByte(0).writeInt(message.length).writeBytes(message);
    transcript.bytes("suite", "DATA", ByteBufUtil.getBytes(body));
    channel.writeAndFlush(new DefaultHttp2DataFrame(body, last).stream(stream)).sync();
    return this;
  }

  /// Frames of the program under test, in order.
  public BlockingQueue<Seen> frames() {
    return frames;
  }

  private final class Frames extends Http2ChannelDuplexHandler {
    private boolean begun;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object frame) {
      try {
        read(frame);
      } finally {
        ReferenceCountUtil.release(frame);
      }
    }

    private void read(Object frame) {
      switch (frame) {
        case Http2HeadersFrame headers -> headers(headers);
        case Http2DataFrame data -> {
          transcript.bytes("target", "DATA", ByteBufUtil.getBytes(data.content()));
          see("DATA", Integer.toString(data.content().readableBytes()));
        }
        case Http2ResetFrame reset -> see("RST", Long.toString(reset.errorCode()));
        case Http2GoAwayFrame away -> see("GOAWAY", Long.toString(away.errorCode()));
        default -> {} // settings, pings and windows are the codec's
      }
    }

    private void headers(Http2HeadersFrame frame) {
      CharSequence status = frame.headers().get("grpc-status");
      boolean trailers = begun || frame.isEndStream();
      begun = true;
      see(trailers ? "TRAILERS" : "HEADERS", status == null ? "" : status.toString());
    }

    private void see(String kind, String detail) {
      if (!kind.equals("DATA")) {
        transcript.note("target", kind + " " + detail);
      }
      frames.add(new Seen(kind, detail));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      see("CLOSED", "");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (cause.getMessage() != null) {
        transcript.note("suite", cause.getMessage().toLowerCase(Locale.ROOT));
      }
    }
  }

  @Override
  public void close() {
    channel.close();
  }
}
