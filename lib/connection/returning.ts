/** The part of a connection that knows a client who comes back. */
import { type IncomingMessage } from 'node:http';
import { expectNoPromise } from '../core/attempt.ts';
import { CloseCode } from '../core/close-codes.ts';
import { ContextError, type OmniError } from '../core/errors.ts';
import { type TopicPlaces } from '../core/topic-places.ts';
import { notice } from '../process/development-notice.ts';
import { startTimer } from '../process/timers.ts';
import { type MessageId } from './acknowledgement.ts';
import { AnsweringConnection } from './answering.ts';
import { ownerTag, type Resume, resumeFrameOf } from './introduction.ts';
import { type Line } from './line.ts';
import { type MessageReceiver } from './receiving.ts';
import { Resumption, type ResumptionHost } from './resumption.ts';
import { type Answered } from '../core/window-store.ts';

/** What is known of a client until its connection opens. */
interface Arrival {
  readonly authorized: unknown;
  /** Called once the client has sent the places that it resumes from. */
  open: (() => void) | undefined;
}

export abstract class ReturningConnection<In, Out, Context, Request extends IncomingMessage>
  extends AnsweringConnection<In, Out, Context, Request>
  implements ResumptionHost
{
  protected abstract readonly line: Line;
  protected abstract readonly receiver: MessageReceiver<In>;
  #timer: NodeJS.Timeout | undefined;
  #arrival: Arrival | undefined;
  #resume: Resume | undefined;
  #awaitsResume = false;
  #resumption: Resumption | undefined;

  abstract refuse(code: CloseCode): void;
  abstract fail(error: OmniError): void;
  abstract end(code: number): void;

  /** Calls back after `delay` milliseconds, unless it is stopped, or started again, before. */
  startTimer(callback: () => void, delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = startTimer(callback, delay, undefined);
  }

  protected stopTimer(): void {
    clearTimeout(this.#timer);
  }

  /** True until the resuming client has sent the places that it resumes from. */
  get awaitsResume(): boolean {
    return this.#awaitsResume;
  }

  /** Where the client has got to in topics; undefined where it cannot come back. */
  get places(): TopicPlaces | undefined {
    return this.#resumption;
  }

  get isOver(): boolean {
    return this.state !== 'open';
  }

  /** The line is gone: resolves when what was being handled is through, if anything was. */
  rest(): Promise<void> | undefined {
    return this.receiver.rest();
  }

  /** The client has come back on another connection. */
  replaced(): void {
    this.end(CloseCode.Replaced);
  }

  sendControl(header: string, text: string): void {
    this.sender.sendControl(header, text);
  }

  repeat(answered: Answered): void {
    this.sender.repeat(answered);
  }

  /**
   * The client says what it goes on from.
   * @returns the largest id that it has given to a message
   */
  goOn(payload: string | undefined): MessageId {
    this.#awaitsResume = false;
    const resume = payload === undefined ? undefined : resumeFrameOf(payload);
    if (resume === undefined) {
      this.refuse(CloseCode.Undecodable);
      return 0;
    }
    this.#resume = resume;
    this.#arrival?.open?.();
    return resume.sent;
  }

  /** The client has the answers to all messages up to this one, and will repeat none of them. */
  confirmed(id: MessageId): void {
    this.#resumption?.confirmed(id);
  }

  /** The connection begins. @param authorized - what `authorize` of `attachWebSockets` returned */
  protected meet(authorized: unknown): void {
    const { introduction, goesOnFrom: resume } = this.line;
    const isStream = this.line.isOneWay && this.settings.resume !== undefined;
    if (introduction === undefined && !isStream) return;
    const from = this.settings.resume === undefined ? undefined : introduction?.from;
    if (from !== undefined) this.receiver.goOnAfter(from.sent);
    this.#resume = resume ?? from;
    this.#arrival = { authorized, open: undefined };
    this.#awaitsResume =
      this.settings.resume !== undefined && introduction?.resumes === true && from === undefined;
  }

  /** Calls back once it is known who the client is, unless it is refused. */
  protected whenIntroduced(open: () => void): void {
    const arrival = this.#arrival;
    if (arrival === undefined) {
      open();
      return;
    }
    arrival.open = () => {
      arrival.open = undefined;
      // It may have gone meanwhile.
      if (this.state !== 'opening') return;
      this.stopTimer();
      try {
        this.#introduce(arrival.authorized, open);
      } catch (cause) {
        this.fail(new ContextError({ cause }));
      }
    };
    if (!this.#awaitsResume) arrival.open();
    else {
      const { contextTimeout } = this.settings;
      // guard: places that never come → void contextTimeout;
      this.startTimer(() => this.refuse(CloseCode.Timeout), contextTimeout);
    }
  }

  /** Whether a message is to be handled, or a promise of that: where not, it is answered already. */
  protected claim(id: MessageId | undefined, isRepeat: boolean): boolean | Promise<boolean> {
    if (this.#resumption === undefined || id === undefined) return true;
    return this.#resumption.claim(id, isRepeat);
  }

  /** The connection has ended. @param isOver - what it was handling is not answered any more */
  protected leave(isOver: boolean): void {
    if (isOver) this.#resumption?.abandon();
    this.#resumption?.ended();
  }

  #introduce(authorized: unknown, open: () => void): void {
    this.#arrival = undefined;
    const { introduction } = this.line;
    this.line.introduction = undefined;
    const { resume: settings, onVersion, transport, handlerTimeout } = this.settings;
    if (introduction !== undefined && onVersion !== undefined) {
      const isServed: unknown = onVersion(introduction.definition, this.request);
      expectNoPromise('onVersion', isServed);
      if (isServed === false) {
        this.refuse(CloseCode.Outdated);
        return;
      }
    }
    if (settings !== undefined) {
      const owner = introduction === undefined ? undefined : this.#ownerOf(authorized);
      const isKnown = introduction !== undefined && owner !== undefined;
      this.#resumption = new Resumption(this, settings, {
        tag: isKnown ? ownerTag(introduction.client, owner) : undefined,
        resume: this.#resume,
        patience: handlerTimeout,
        isContinued: transport !== 'application',
        isAnswered: introduction !== undefined,
      });
      this.#resume = undefined;
      this.sender.keeper = this.#resumption;
    }
    open();
  }

  /** The name of the user; undefined where nothing distinguishes users. */
  #ownerOf(authorized: unknown): string | undefined {
    const given = this.settings.resume?.owner;
    const named: unknown =
      given === undefined
        ? (this.context ?? authorized)
        : given(this.context as never, this.request as never);
    expectNoPromise('resume.owner', named);
    if (typeof named === 'string' || typeof named === 'number') return `=${named}`;
    // guard: nothing is kept for a user without a name → return '';
    if (given !== undefined || (named !== undefined && named !== true)) {
      if (given === undefined) noticeOwner();
      return undefined;
    }
    return '';
  }
}

function noticeOwner(): void {
  notice(
    'resume owner',
    () =>
      '`resume` keeps nothing for clients whose context is an object, because it cannot tell one ' +
      'user from another: add `owner: (context) => context.userId`',
  );
}
