import { AsyncContext } from '../process/async-context.ts';
import { type Resumable, resumeNextTurn, Turn } from '../process/fairness.ts';

/** How many places at the front, already done with, are given back at once. */
const SPENT = 1_024;

/**
 * First in, first out, one at a time. A job that is pushed while another runs waits until that has
 * ended, so that all receivers see all jobs in the same order, also those that are pushed from
 * within a job.
 */
export class Queue<Job> implements Resumable {
  /** That of the hub's maker: what waits comes from many publishers. */
  readonly asyncContext: AsyncContext = new AsyncContext();
  readonly #run: (job: Job) => void;
  // Its share is a time: a job is one delivery, however many receivers it has.
  readonly #turn: Turn = new Turn(Infinity);
  #waiting: Job[] = [];
  #done = 0;
  #isRunning = false;
  #isResuming = false;

  /** @param run - must not throw */
  constructor(run: (job: Job) => void) {
    this.#run = run;
  }

  /**
   * Runs a job: at once, unless one is running already or others wait. A push from outside while
   * some wait runs some of these: so a publisher is slowed down to the speed of the deliveries.
   * Otherwise a backlog would grow for as long as much is published.
   */
  push(job: Job): void {
    this.#waiting.push(job);
    if (!this.#isRunning) this.#drain();
  }

  /** For the next turn of the event loop. */
  resume(): void {
    this.#isResuming = false;
    if (!this.#isRunning) this.#drain();
  }

  #drain(): void {
    this.#isRunning = true;
    this.#turn.renew();
    while (this.#done < this.#waiting.length) {
      // Two subscribers that publish to each other would otherwise hold the process without end.
      if (!this.#turn.take()) {
        this.#isRunning = false;
        this.#resumeNextTurn();
        return;
      }
      const job = this.#waiting[this.#done] as Job;
      this.#done += 1;
      if (this.#done === SPENT) {
        this.#waiting = this.#waiting.slice(SPENT);
        this.#done = 0;
      }
      this.#run(job);
    }
    this.#waiting = [];
    this.#done = 0;
    this.#isRunning = false;
  }

  #resumeNextTurn(): void {
    if (this.#isResuming) return;
    this.#isResuming = true;
    resumeNextTurn(this);
  }
}
