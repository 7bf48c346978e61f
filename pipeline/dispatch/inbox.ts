import type {JobEvent} from '../model/job-event.js';

const ACKNOWLEDGE_EVERY = 50;

export type InboxEffects = Readonly<{
  /** Called once per sequence number, in order, without gaps. */
  deliver(seq: number, event: JobEvent): void;
  acknowledge(seq: number): void;
  /** Something between was lost: ask for everything after `seq` again. */
  reattach(seq: number): void;
}>;

/** Makes exactly-once delivery out of a stream that may repeat itself or have holes. */
export type Inbox = Readonly<{
  take(seq: number, event: JobEvent): void;
  /** Acknowledges what is not yet acknowledged. */
  flush(): void;
  last(): number;
}>;

export function createInbox(after: number, effects: InboxEffects): Inbox {
  let last = after;
  let acknowledged = after;
  let missing: number | null = null;

  return {take, flush, last: () => last};

  function take(seq: number, event: JobEvent): void {
    if (seq <= last) return;
    if (seq > last + 1) {
      // Asked once; what is already under way arrives first and is dropped.
      if (missing !== last + 1) effects.reattach(last);
      missing = last + 1;
      return;
    }
    missing = null;
    last = seq;
    effects.deliver(seq, event);
    if (last - acknowledged >= ACKNOWLEDGE_EVERY) flush();
  }

  function flush(): void {
    if (acknowledged === last) return;
    acknowledged = last;
    effects.acknowledge(last);
  }
}
