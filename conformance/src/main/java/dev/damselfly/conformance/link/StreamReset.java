package dev.damselfly.conformance.link;

import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.ssl.SslContext;
import io.netty.util.AsciiString;
import java.util.Optional;

/// Makes a server reset a stream whose answer is complete while the caller's side is still open (clause 3.4 of the
/// download flow): released peers wait for exactly that.
final class StreamReset {
  private StreamReset() {}

  static void install(NettyServerBuilder builder, Optional<SslContext> tls) {
    ProtocolNegotiator inner =
        tls.<ProtocolNegotiator>map(InternalProtocolNegotiators::serverTls)
            .orElseGet(InternalProtocolNegotiators::serverPlaintext);
    builder.protocolNegotiator(new Negotiator(inner));
  }

  private record Negotiator(ProtocolNegotiator inner) implements ProtocolNegotiator {
    @Override
    public AsciiString scheme() {
      return inner.scheme();
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler http2) {
      return new Install(inner.newHandler(http2), http2);
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  /// Gives way to the real handlers after it has put the listener in.
  private static final class Install extends ChannelInboundHandlerAdapter {
    private final ChannelHandler next;
    private final GrpcHttp2ConnectionHandler http2;

    Install(ChannelHandler next, GrpcHttp2ConnectionHandler http2) {
      this.next = next;
      this.http2 = http2;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      var pipeline = ctx.pipeline();
      http2
          .connection()
          .addListener(
              new Http2ConnectionAdapter() {
                @Override
                public void onStreamHalfClosed(Http2Stream stream) {
                  ChannelHandlerContext own = pipeline.context(http2);
                  if (stream.state() == Http2Stream.State.HALF_CLOSED_LOCAL && own != null) {
                    http2.resetStream(own, stream.id(), Http2Error.NO_ERROR.code(), own.newPromise());
                    own.flush();
                  }
                }
              });
      pipeline.replace(this, null, next);
    }
  }
}
