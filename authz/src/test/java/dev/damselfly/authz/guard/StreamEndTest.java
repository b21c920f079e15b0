package dev.damselfly.authz.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.legacy.LegacyCallers;
import dev.damselfly.authz.legacy.LegacyConfig;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TlsParty;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A client that never closes its side, as clients of the v2 API do after their last message.
@NullMarked
@Timeout(30)
class StreamEndTest {
  private static final LegacyCallers.Place PLACE = new LegacyCallers.Place(new TrustDomain("example.org"), "east");

  @Test
  void answeredStream_isResetWithinASecond_whenTheClientKeepsItsSideOpen() throws Exception {
    var loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    var seen = new LinkedBlockingQueue<String>();
    try (var fixture = new Fixture();
        var client = TlsParty.of(fixture.ca.snapshot(Fixture.PEER))) {
      Channel connection = connect(fixture, client, loops);
      Http2StreamChannel stream = open(connection, seen);
      stream.writeAndFlush(new DefaultHttp2HeadersFrame(headers("https"), false)).sync();
      stream.writeAndFlush(new DefaultHttp2DataFrame(message(), false)).sync();

      assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("headers");
      assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("trailers 0");
      assertThat(seen.poll(1, TimeUnit.SECONDS)).isEqualTo("reset " + Http2Error.NO_ERROR.code());
      connection.close().sync();
    } finally {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }

  @Test
  void answeredStream_isResetOnTheLegacyListener_too() throws Exception {
    var loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    var seen = new LinkedBlockingQueue<String>();
    try (var server = legacy()) {
      Channel connection = connect(server.port(), loops);
      Http2StreamChannel stream = open(connection, seen);
      stream.writeAndFlush(new DefaultHttp2HeadersFrame(headers("http"), false)).sync();
      stream.writeAndFlush(new DefaultHttp2DataFrame(message(), false)).sync();

      assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("headers");
      assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("trailers 0");
      assertThat(seen.poll(1, TimeUnit.SECONDS)).isEqualTo("reset " + Http2Error.NO_ERROR.code());
      connection.close().sync();
    } finally {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }

  private static LegacyServer legacy() throws Exception {
    var here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    var services = List.of(new Fixture.Service().bindService());
    var rows =
        Stream.of("Join", "ListGrantKeys", "ListLegacyHolders")
            .map(name -> new Policy.Row("damselfly.v1.Swarm/" + name, Set.of(Role.LEGACY), Policy.Binding.none()))
            .toList();
    var config = new LegacyConfig(here, List.of(), List.of());
    return new LegacyServer(
            config, services, new Policy(rows), PLACE, new MemoryAudit(), Limits.of(Part.SCHEDULER))
        .start();
  }

  private static Channel connect(int port, MultiThreadIoEventLoopGroup loops) throws Exception {
    return new Bootstrap()
        .group(loops)
        .channel(NioSocketChannel.class)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel ch) {
                ch.pipeline().addLast(Http2FrameCodecBuilder.forClient().build(), new Http2MultiplexHandler(new Ignored()));
              }
            })
        .connect("127.0.0.1", port)
        .sync()
        .channel();
  }

  private static Channel connect(Fixture fixture, TlsParty client, MultiThreadIoEventLoopGroup loops) throws Exception {
    var context = client.tls().grpcClient(Expected.role(Role.SCHEDULER));
    return new Bootstrap()
        .group(loops)
        .channel(NioSocketChannel.class)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel ch) {
                ch.pipeline().addLast(context.newHandler(ch.alloc(), "damselfly", 0));
                ch.pipeline().addLast(Http2FrameCodecBuilder.forClient().build(), new Http2MultiplexHandler(new Ignored()));
              }
            })
        .connect("127.0.0.1", fixture.server.port())
        .sync()
        .channel();
  }

  private static Http2StreamChannel open(Channel connection, BlockingQueue<String> seen) throws Exception {
    return new Http2StreamChannelBootstrap(connection).handler(new Frames(seen)).open().sync().get();
  }

  private static DefaultHttp2Headers headers(String scheme) {
    var headers = new DefaultHttp2Headers();
    headers.method("POST").scheme(scheme).authority("damselfly").path("/damselfly.v1.Swarm/Join");
    headers.set("te", "trailers").set("content-type", "application/grpc");
    return headers;
  }

  private static ByteBuf message() {
    byte[] message = GuardedServerTest.register("10.0.0.1-host-1", true).toByteArray();
    return Unpooled.buffer().writeByte(0).writeInt(message.length).writeBytes(message);
  }

  private static final class Ignored extends SimpleChannelInboundHandler<Object> {
    @Override
    public boolean isSharable() {
      return true;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Object frame) {}
  }

  private static final class Frames extends SimpleChannelInboundHandler<Object> {
    private final BlockingQueue<String> seen;

    Frames(BlockingQueue<String> seen) {
      super(false);
      this.seen = seen;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Object frame) {
      if (frame instanceof Http2HeadersFrame headers) {
        seen.add(headers.isEndStream() ? "trailers " + headers.headers().get("grpc-status") : "headers");
      } else {
        note(frame);
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      note(event);
    }

    private void note(Object frame) {
      if (frame instanceof Http2ResetFrame reset) {
        seen.add("reset " + reset.errorCode());
      }
      ReferenceCountUtil.release(frame);
    }
  }
}
