package dev.damselfly.peer.download;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class MailboxTest {
  /// A read that is cancelled is interrupted; that it ended must reach the session all the same.
  @Test
  void post_byAnInterruptedThread_isNotLost() {
    var mailbox = new Mailbox<String>();
    Thread.currentThread().interrupt();

    boolean taken = mailbox.post("ended");
    boolean stillInterrupted = Thread.interrupted();

    assertThat(taken).isTrue();
    assertThat(stillInterrupted).isTrue();
    assertThat(mailbox.poll()).isEqualTo("ended");
  }

  @Test
  void post_afterTheEnd_isRefused() {
    var mailbox = new Mailbox<String>();
    mailbox.close();

    assertThat(mailbox.post("late")).isFalse();
    assertThat(mailbox.poll()).isNull();
  }
}
