import { describe, expect, it, vi } from 'vitest';
import { createOutbox } from '../../lib/client/outbox.ts';
import { resume } from '../../lib/client/resume.ts';
import { type ConnectOptions } from '../../lib/client/options.ts';
import { type Outbox } from '../../lib/client/outgoing.ts';
import { type Line, type LineOptions } from '../../lib/client/transport.ts';
import { type Wire } from '../../lib/core/codec.ts';
import { integer, string } from 'superstruct';
import { structCodec, variants } from '../../lib/codecs.ts';
import { withFakeClock } from '../support/clock.ts';

type Options = Partial<ConnectOptions<string, string, Wire>>;

/** An outbox, a line of which the test says what it does, and all that was called. */
interface Boxed {
  readonly box: Outbox<string, string>;
  readonly line: { isReady: boolean; buffered: number };
  readonly open: (options?: Partial<LineOptions>, greet?: () => void) => void;
  /** What was sent: id and message. */
  readonly sent: string[];
  readonly told: string[];
  readonly messages: string[];
  queued: number;
}

function boxed(options: Options = {}): Boxed {
  const sent: string[] = [];
  const told: string[] = [];
  const messages: string[] = [];
  const line = { isReady: true, buffered: 0 };
  const made: Line = {
    isReady: () => line.isReady,
    buffered: () => line.buffered,
    send: (header, encoded) => sent.push(`${header} ${String(encoded)}`),
    close: () => {},
  };
  const box = createOutbox<string, string>(
    {
      codec: { decode: String, encode: (message) => message },
      onUnconfirmed: (all) => told.push(`unconfirmed: ${all.join()}`),
      onDropped: (all, reason) => told.push(`${reason}: ${all.join()}`),
      onFailed: (message, code) => told.push(`failed with ${code}: ${message}`),
      ...options,
    },
    {
      call: (act, ...given) => act?.(...given),
      changed: ({ queued = self.queued }) => {
        self.queued = queued;
      },
      read: (payload) => (payload === 'garbage' ? undefined : [String(payload)]),
      deliver: (message) => messages.push(message),
      signal: new AbortController().signal,
    },
  );
  const open: Boxed['open'] = (more, greet = () => {}) => {
    box.opened(made, { ...more }, greet);
  };
  const self: Boxed = { box, line, open, sent, told, messages, queued: 0 };
  return self;
}

describe('a message', () => {
  it('waits for a line, behind what is sent first on it, and counts on', () => {
    const self = boxed();
    expect(self.box.post('a')[0]).toBe('queued');
    expect(self.queued).toBe(1);
    self.open({}, () => {
      expect(self.box.post('hello')[0]).toBe('sent');
    });
    expect(self.box.post('b')[0]).toBe('sent');

    expect(self.sent).toEqual(['1 hello', '2 a', '3 b']);
    expect(self.queued).toBe(0);
  });

  it('that is sent first has the room of the queue for itself, and its order', () => {
    const { box, line, open, sent, told } = boxed({ queue: { messages: 2, bytes: 3 } });
    box.post('a');
    box.post('b');
    open({}, () => {
      expect(box.post('1')[0]).toBe('sent');
      line.isReady = false;
      for (const message of ['2', '3', '4']) box.post(message);
      line.isReady = true;
      expect(box.post('5', { queue: false })[0]).toBe('dropped');
    });

    expect(sent).toEqual(['1 1', '2 2', '3 3', '4 a', '5 b']);
    expect(told).toEqual(['full: 4', 'full: 5']);
  });

  it('that a struct refuses is an error that names the place, and one that is skipped is none', () => {
    const Said = variants('type', { said: { count: integer(), text: string() } });
    const codec = structCodec({ incoming: Said, outgoing: Said });
    const { box, sent, open } = boxed({ codec: codec as never });
    open();

    expect(() => box.post({ type: 'said', count: 1.5, text: '' } as never)).toThrow(
      expect.objectContaining({ path: ['count'] }) as Error,
    );
    expect(sent).toEqual([]);
    const skipping = boxed({ codec: { decode: String, encode: () => undefined } });
    expect(skipping.box.post('local')[0]).toBe('skipped');
  });

  it.each([
    ['messages', { messages: 2 }, ['1', '2'], '3'],
    ['bytes', { bytes: 6 }, ['äö', '22'], '3'],
  ])('is refused one past the bound of %s', (_name, queue, fits, last) => {
    const { box, told } = boxed({ queue });
    for (const message of fits) expect(box.post(message)[0]).toBe('queued');

    expect(box.post(last)[0]).toBe('dropped');
    expect(told).toEqual([`full: ${last}`]);
  });

  it('counts what the socket has not passed on', () => {
    const { box, line, told, open } = boxed({ queue: { bytes: 10 } });
    open();
    line.buffered = 9;
    expect(box.post('1')[0]).toBe('sent');
    expect(box.post('22')[0]).toBe('dropped');

    expect(told).toEqual(['full: 22']);
  });

  it('over the limit of the line is refused, and one that waited is dropped', () => {
    const { box, open, told, sent } = boxed();
    box.post('12345');
    box.post('1234');
    open({ limit: 4 });

    expect(sent).toEqual(['1 1234']);
    expect(box.post('54321')[0]).toBe('dropped');
    expect(told).toEqual(['too-large: 12345', 'too-large: 54321']);
  });
});

describe('what became of it', () => {
  it('is told to whoever waits for it, else to the callbacks, once', () => {
    const { box, open, told, messages } = boxed();
    const outcomes: unknown[] = [];
    open();
    for (const message of ['reply', 'ack', 'fail', 'explained']) box.post(message);
    box.post('asked', {}, (...given) => outcomes.push(given));
    box.post('asked too', {}, (...given) => outcomes.push(given));
    box.received('=1', 're');
    box.received('+2', '');
    box.received('-3;handler', '');
    box.received('-4;decode', 'why');
    box.received('=5', 'answer');
    box.received('=6', 'garbage');
    for (const id of [1, 2, 3, 4, 5, 99]) box.received(`=${id}`, 'again');

    expect(messages).toEqual(['re', 'why']);
    expect(told).toEqual(['failed with handler: fail', 'failed with decode: explained']);
    expect(outcomes).toEqual([
      [undefined, 'answer'],
      ['decode', undefined],
    ]);
    expect(box.hasUnsent()).toBe(false);
  });

  it('is unconfirmed when the line breaks, save what belonged to the line', () => {
    const { box, open, told } = boxed();
    open({}, () => {
      box.post('hello');
    });
    box.post('a');
    box.post('b');
    box.received('+2', '');
    box.closed(1006);

    expect(told).toEqual(['unconfirmed: b']);
  });

  it('is a gap for a page that resumes, where it is what onOpen said and had to wait', () => {
    withFakeClock();
    const onGap = vi.fn();
    const self = boxed({ resume: resume(), onGap });
    const options = { window: 60_000 };
    self.line.isReady = false;
    self.open(options, () => {
      expect(self.box.post('fetch')[0]).toBe('queued');
    });
    self.box.closed(1006);
    self.line.isReady = true;
    self.open({ ...options, resumed: true });
    vi.runAllTimers();
    expect(onGap).toHaveBeenCalledOnce();

    self.box.closed(1006);
    self.open({ ...options, resumed: true });
    vi.runAllTimers();
    expect(onGap).toHaveBeenCalledOnce();
    expect(self.sent).toEqual([]);
  });

  it('is asked for anew, not sent again, where onGap of a page that resumes has sent it', () => {
    withFakeClock();
    const self = boxed({ resume: resume(), onGap: () => void self.box.post('fetch') });
    const options = { window: 60_000, resumed: true };
    self.open(options);
    self.box.post('add');
    self.box.received('.;gap=topic', '');
    vi.runAllTimers();
    self.box.closed(1006);
    self.open(options);
    vi.advanceTimersByTime(0);

    expect(self.sent).toEqual(['1 add', '2 fetch', '1;again add', '3 fetch']);
    expect(self.told).toEqual([]);
  });

  it('is the largest that was too large (1009), and nobody knows of the others', () => {
    const { box, open, told } = boxed();
    open();
    for (const message of ['1', '333', '22']) box.post(message);
    box.closed(1009);

    expect(told).toEqual(['too-large: 333', 'unconfirmed: 1,22']);
  });

  it('is told at the end, where nothing is sent any more', () => {
    const { box, told } = boxed();
    for (const message of ['a', 'b']) box.post(message);
    box.refuse('forbidden');
    expect(box.post('c')[0]).toBe('dropped');
    box.refuse(undefined);

    expect(box.post('d')[0]).toBe('queued');
    expect(told).toEqual(['forbidden: a,b', 'forbidden: c']);
  });

  it('is not counted any more when it is told at the end', () => {
    const counts: number[] = [];
    const self = boxed({ onDropped: () => counts.push(self.queued) });
    for (const word of ['one', 'two']) self.box.post(word);
    expect(self.queued).toBe(2);
    self.box.refuse('forbidden');

    expect([self.queued, counts]).toEqual([0, [0]]);
  });

  it('is not waited for after the end: no timer is left', () => {
    withFakeClock();
    const { box, open, told } = boxed({ resume: resume() });
    open({ window: 60_000 });
    box.post('a');
    box.closed(1006);
    expect(vi.getTimerCount()).toBe(1);
    box.refuse('closed');

    expect(vi.getTimerCount()).toBe(0);
    expect(told).toEqual(['unconfirmed: a']);
  });

  it('goes back to the head of the queue when it was refused unhandled', () => {
    const { box, open, line, sent } = boxed();
    open();
    box.post('a');
    line.isReady = false;
    box.post('b');
    box.refused(1);
    line.isReady = true;
    box.flush();

    expect(sent).toEqual(['1 a', '2 a', '3 b']);
  });

  it('is dropped when it was refused unhandled, and is sent now or never', () => {
    const { box, open, sent, told } = boxed();
    open();
    box.post('typing', { queue: false });
    box.refused(1);
    box.flush();

    expect(sent).toEqual(['1 typing']);
    expect(told).toEqual(['expired: typing']);
  });
});

describe('the pace of the queue (Q3)', () => {
  it('is that of the line, and half of it after the server complained', () => {
    withFakeClock();
    const self = boxed();
    for (let count = 0; count < 5; count++) self.box.post(String(count));
    self.open({ rate: 10 });
    expect(self.sent).toHaveLength(0);
    vi.advanceTimersByTime(100);
    expect(self.sent).toHaveLength(1);
    vi.advanceTimersByTime(100);
    expect(self.sent).toHaveLength(2);
    self.box.closed(4429);
    self.box.slow();
    self.open({ rate: 10 });
    vi.advanceTimersByTime(199);
    expect(self.sent).toHaveLength(2);
    vi.advanceTimersByTime(1);

    expect(self.sent).toHaveLength(3);
  });
});
