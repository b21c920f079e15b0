package dev.damselfly.peer.download;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.jspecify.annotations.NullMarked;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZII_Result;

/// An event posted while the owner ends: whoever posted it knows whether somebody will see to what it holds.
@NullMarked
@JCStressTest
@Outcome(id = "true, 1, 0", expect = ACCEPTABLE, desc = "posted in time, seen once")
@Outcome(id = "false, 0, 0", expect = ACCEPTABLE, desc = "too late, the poster was told")
@Outcome(expect = FORBIDDEN, desc = "lost although it was taken, seen although it was refused, or left behind")
@State
public class MailboxStress {
  private final Mailbox<Object> mailbox = new Mailbox<>();
  private final Object event = new Object();

  @Actor
  public void poster(ZII_Result r) {
    r.r1 = mailbox.post(event);
  }

  @Actor
  public void owner(ZII_Result r) {
    mailbox.close();
    while (mailbox.poll() != null) {
      r.r2++;
    }
  }

  @Arbiter
  public void later(ZII_Result r) {
    while (mailbox.poll() != null) {
      r.r3++;
    }
  }
}
