package dev.damselfly.api.rule;

import static dev.damselfly.api.rule.Messages.TASK;
import static dev.damselfly.api.rule.Messages.announce;
import static dev.damselfly.api.rule.Messages.assertBad;
import static dev.damselfly.api.rule.Messages.assertGood;
import static dev.damselfly.api.rule.Messages.download;
import static dev.damselfly.api.rule.Messages.failed;
import static dev.damselfly.api.rule.Messages.host;
import static dev.damselfly.api.rule.Messages.peer;
import static dev.damselfly.api.rule.Messages.piece;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.RequestFailure.Malformed;
import java.util.Collections;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
@Threat("TOB-14")
class BoundsTest {
  @Test
  @Threat({"TOB-6", "B-27", "B-28"})
  void ids_haveTheirForm() {
    assertBad("task_id", announce().setTaskId("../../etc").setDownloadPeerFailedRequest(failed()));
    assertBad("task_id", announce().setTaskId(TASK.replace('a', 'A')).setDownloadPeerFailedRequest(failed()));
    assertBad("host_id", announce().setHostId("a b").setDownloadPeerFailedRequest(failed()));
    assertBad("host_id", announce().setHostId("a".repeat(321)).setDownloadPeerFailedRequest(failed()));
    assertBad("peer_id", announce().setPeerId("a\n").setDownloadPeerFailedRequest(failed()));
    assertBad("id", peer().setId("ä"));
    assertBad("task.id", peer().setTask(peer().getTaskBuilder().setId("x")));
    assertBad("id", host().setId("é"));
  }

  @Test
  @Threat({"B-18", "B-19", "B-20"})
  void pieces_areBounded() {
    assertGood(piece().setNumber((1 << 20) - 1).setOffset(1L << 46).setLength(64 << 20));
    assertBad("number", piece().setNumber(1 << 20));
    assertBad("number", piece().setNumber(-1));
    assertBad("offset", piece().setOffset((1L << 46) + 1));
    assertBad("length", piece().setLength((64 << 20) + 1));
    assertBad("length", piece().setLength(-1));
    assertBad("actual_content_length", download().setActualContentLength((1L << 46) + 1));
    assertBad("pieces", peer().addAllPieces(Collections.nCopies(1001, piece().build())));
  }

  @Test
  @Threat({"B-24", "F-11"})
  void headers_areBounded() {
    assertGood(download().putRequestHeader("X-A", "b\tc é"));
    assertBad("request_header", download().putRequestHeader("X A", "b"));
    assertBad("request_header", download().putRequestHeader("", "b"));
    assertBad("request_header", download().putRequestHeader("X-A", "b\r\nHost: x"));
    assertBad("request_header", download().putRequestHeader("X-A", "b".repeat(16 << 10)));
    var many = download();
    for (int i = 0; i < 65; i++) {
      many.putRequestHeader("a" + i, "b");
    }
    assertBad("request_header", many);
  }

  @Test
  @Threat({"B-23", "B-26"})
  void texts_areBounded() {
    assertGood(download().setTag("a".repeat(1024)));
    assertBad("tag", download().setTag("a".repeat(1025)));
    assertBad("application", download().setApplication("é".repeat(513)));
    assertBad("url", download().setUrl("http://h/" + "a".repeat(8192)));
    assertBad("filtered_query_params", download().addAllFilteredQueryParams(Collections.nCopies(129, "a")));
    assertBad("filtered_query_params[0]", download().addFilteredQueryParams("a".repeat(1025)));
    assertBad("certificate_chain", download().addAllCertificateChain(Collections.nCopies(11, ByteString.EMPTY)));
  }

  @Test
  void checkBounds_acceptsWhatOtherServersAnswerButKeepsTheBounds() {
    var unnamed = host().clearId();
    var uncosted = piece().clearCost();

    assertThatCode(() -> Rules.checkBounds(unnamed.build())).doesNotThrowAnyException();
    assertThatCode(() -> Rules.checkBounds(peer().addPieces(uncosted).build())).doesNotThrowAnyException();
    assertThatCode(() -> Rules.checkBounds(announce().build())).doesNotThrowAnyException();
    assertBad("id", unnamed);
    assertBad("pieces[0].cost", peer().addPieces(uncosted));
    assertThatThrownBy(() -> Rules.checkBounds(peer().addPieces(piece().setNumber(-1)).build()))
        .isInstanceOfSatisfying(Malformed.class, e -> assertThat(e.field()).isEqualTo("pieces[0].number"));
  }
}
