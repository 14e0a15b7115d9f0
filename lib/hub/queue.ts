/** How long deliveries may follow each other before other connections get their turn, in milliseconds. */
const TURN = 8;

/** How many places at the front, already done with, are given back at once. */
const SPENT = 1_024;

/**
 * First in, first out, one at a time. What is pushed while a job runs waits until that has ended,
 * so that everybody sees all jobs in the same order, whoever pushes from within one.
 */
export class Queue<Job> {
  readonly #run: (job: Job) => void;
  #waiting: Job[] = [];
  #done = 0;
  #running = false;
  #isResuming = false;

  /** @param run - must not throw */
  constructor(run: (job: Job) => void) {
    this.#run = run;
  }

  /**
   * Runs a job: at once, unless one is running already or others wait. What is pushed from outside
   * while some wait runs some of these: who pushes is slowed down to the speed at which they are
   * done, or else a backlog that has begun would grow for as long as much is pushed.
   */
  push(job: Job): void {
    this.#waiting.push(job);
    if (!this.#running) this.#drain();
  }

  #drain(): void {
    this.#running = true;
    const began = performance.now();
    while (this.#done < this.#waiting.length) {
      const job = this.#waiting[this.#done] as Job;
      this.#done += 1;
      if (this.#done === SPENT) {
        this.#waiting = this.#waiting.slice(SPENT);
        this.#done = 0;
      }
      this.#run(job);
      // Two subscribers that publish to each other would otherwise hold the process for ever.
      if (this.#done < this.#waiting.length && performance.now() - began > TURN) {
        this.#running = false;
        this.#resume();
        return;
      }
    }
    this.#waiting = [];
    this.#done = 0;
    this.#running = false;
  }

  #resume(): void {
    if (this.#isResuming) return;
    this.#isResuming = true;
    setImmediate(() => {
      this.#isResuming = false;
      this.#drain();
    });
  }
}
