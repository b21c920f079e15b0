package dev.damselfly.authz.guard;

import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AsciiString;
import java.util.function.Function;

/// What the v2 API needs below gRPC on every connection: the unary deadline of long streams is taken off, and a stream
/// whose answer is complete is reset when the client keeps its side open (it waits for that).
final class StreamManners {
  private static final AsciiString GRPC_TIMEOUT = AsciiString.cached("grpc-timeout");

  private StreamManners() {}

  /// Before the first frame of the connection.
  static void ignoreDeadlines(GrpcHttp2ConnectionHandler http2) {
    http2.decoder().frameListener(new WithoutDeadline(http2.decoder().frameListener()));
  }

  /// @param contextOf where the handler is in the connection's pipeline
  static void resetAnswered(
      GrpcHttp2ConnectionHandler http2, Function<ChannelHandler, ChannelHandlerContext> contextOf) {
    http2.connection().addListener(new ResetAfterAnswer(http2, contextOf));
  }

  /// Takes `grpc-timeout` off the requests of long streams.
  private static final class WithoutDeadline extends Http2FrameListenerDecorator {
    WithoutDeadline(Http2FrameListener next) {
      super(next);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean endOfStream) throws Http2Exception {
      super.onHeadersRead(ctx, streamId, stripped(headers), padding, endOfStream);
    }

    @Override
    @SuppressWarnings("ParameterNumber") // the shape is Netty's
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int streamId,
        Http2Headers headers,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean endOfStream)
        throws Http2Exception {
      super.onHeadersRead(ctx, streamId, stripped(headers), dependency, weight, exclusive, padding, endOfStream);
    }

    private static Http2Headers stripped(Http2Headers headers) {
      CharSequence path = headers.path();
      if (path != null && LongStreams.containsPath(path)) {
        headers.remove(GRPC_TIMEOUT);
      }
      return headers;
    }
  }

  /// Resets a stream once the answer is complete and only the client's side is open.
  private static final class ResetAfterAnswer extends Http2ConnectionAdapter {
    private final GrpcHttp2ConnectionHandler http2;
    private final Function<ChannelHandler, ChannelHandlerContext> contextOf;

    ResetAfterAnswer(
        GrpcHttp2ConnectionHandler http2, Function<ChannelHandler, ChannelHandlerContext> contextOf) {
      this.http2 = http2;
      this.contextOf = contextOf;
    }

    @Override
    public void onStreamHalfClosed(Http2Stream stream) {
      if (stream.state() == Http2Stream.State.HALF_CLOSED_LOCAL) {
        ChannelHandlerContext ctx = contextOf.apply(http2);
        if (ctx != null) {
          http2.resetStream(ctx, stream.id(), Http2Error.NO_ERROR.code(), ctx.newPromise());
          ctx.flush();
        }
      }
    }
  }
}
