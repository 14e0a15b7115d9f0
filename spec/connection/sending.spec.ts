import { describe, expect, it } from 'vitest';
import { MessageSender, type SenderSettings } from '../../lib/connection/sending.ts';
import { CloseCode } from '../../lib/core/close-codes.ts';
import { Prepared } from '../../lib/core/prepared.ts';
import { RecordingLine } from '../support/recording-line.ts';

/** The sender of a line, and what it did to its connection. */
function senderOn(
  line: RecordingLine,
  settings: Partial<SenderSettings> = {},
): { sender: MessageSender; host: { isEnding: boolean }; events: (string | CloseCode)[] } {
  const events: (string | CloseCode)[] = [];
  const host = { isEnding: false, refuse: (code: CloseCode) => void events.push(code) };
  const held = { hold: () => void events.push('hold'), release: () => void events.push('release') };
  const sender = new MessageSender(
    host,
    line,
    {
      highWaterMark: 100,
      maxBuffered: 1_000,
      interval: 30,
      timeout: 20,
      isBinary: false,
      limit: 64,
      rateLimit: undefined,
      resume: undefined,
      ...settings,
    },
    held,
  );
  return { sender, host, events };
}

const pushMark = '';

describe('what a marked line sends', () => {
  it('has the mark that says what it is', () => {
    const line = new RecordingLine();
    const { sender } = senderOn(line);

    sender.push('news');
    sender.push(new Prepared('news for all'));
    sender.reply('reply', 1);
    sender.reply(undefined, 2);
    sender.fail(3, 'handler');
    sender.fail(4, 'decode', 'sorry');

    expect(line.written).toEqual([
      [pushMark, 'news'],
      [pushMark, 'news for all'],
      ['=1', 'reply'],
      ['+2', ''],
      ['-3;handler', ''],
      ['-4;decode', 'sorry'],
    ]);
  });

  it('is bytes where the codec is binary, also where there is no message', () => {
    const line = new RecordingLine();
    const { sender } = senderOn(line, { isBinary: true });

    sender.reply(undefined, 2);
    sender.fail(3, 'handler');
    sender.sendBeat();

    expect(line.written.map(([, encoded]) => encoded)).toEqual(
      Array.from({ length: 3 }, () => new Uint8Array(0)),
    );
  });

  it('answers a message that was given up no more, but those after it', () => {
    const line = new RecordingLine();
    const { sender } = senderOn(line);

    sender.giveUp(1);

    expect([sender.reply('late', 1), sender.fail(1, 'handler')]).toEqual([false, false]);
    expect(sender.reply('in time', 2)).toBe(true);
    expect(line.written).toEqual([['=2', 'in time']]);
  });
});

describe('a line without marks', () => {
  it('has neither hello nor beats', () => {
    const line = new RecordingLine({ isMarked: false });
    const { sender } = senderOn(line);

    sender.greet();
    sender.sendBeat();
    sender.beat(1_000_000);

    expect(line.written).toEqual([]);
    expect(sender.push('news')).toBe(true);
  });
});

describe('a connection that ends', () => {
  it.each<[string, (line: RecordingLine, host: { isEnding: boolean }) => void]>([
    ['is ending', (_line, host) => void (host.isEnding = true)],
    ['has a line that is closed', (line) => void (line.isOpen = false)],
  ])('and %s sends nothing more', (_name, end) => {
    const line = new RecordingLine();
    const { sender, host, events } = senderOn(line);
    line.buffered = 1_001;
    end(line, host);

    expect([sender.push('a'), sender.reply('b', 1), sender.fail(2, 'handler')]).toEqual([
      false,
      false,
      false,
    ]);
    sender.sendBeat();

    expect(line.written).toEqual([]);
    // Nor is it closed for what waits: it is closing.
    expect(events).toEqual([]);
  });
});

describe('what waits to be sent', () => {
  it('may be maxBuffered; with one byte more the next message closes with 1013', () => {
    const line = new RecordingLine();
    const { sender, events } = senderOn(line, { highWaterMark: 1_000_000 });

    line.buffered = 1_000;
    expect(sender.push('the last')).toBe(true);
    line.buffered = 1_001;
    expect(sender.push('one too many')).toBe(false);

    expect(line.written).toEqual([[pushMark, 'the last']]);
    expect(events).toEqual([CloseCode.TooSlow]);
  });

  it('may be maxBuffered and a message that may take long, until all was taken', () => {
    const line = new RecordingLine();
    const { sender, events } = senderOn(line, { highWaterMark: 1_000_000 });
    const pushAt = (buffered: number): boolean => {
      line.buffered = buffered;
      line.bytesSent = Math.max(line.bytesSent, buffered);
      return sender.push('a');
    };

    sender.pushLong('x'.repeat(5_000));
    expect([pushAt(5_000), pushAt(6_000), pushAt(6_001)]).toEqual([true, true, false]);
    expect(events).toEqual([CloseCode.TooSlow]);
  });

  it('is counted in full after a message that took long, small frames with what they cost', () => {
    const line = new RecordingLine();
    const { sender } = senderOn(line, { highWaterMark: 1_000_000 });
    sender.pushLong('x'.repeat(5_000));
    sender.push('all was taken');

    // A few bytes in frames of which each counts for 256.
    line.buffered = 1_001;

    expect(sender.push('a')).toBe(false);
  });

  it('may be highWaterMark; past it messages are held until all was taken', () => {
    const line = new RecordingLine();
    const { sender, events } = senderOn(line);
    line.weight = 50;

    sender.push('50');
    sender.push('100');
    expect([events, line.asked]).toEqual([[], []]);
    sender.push('150');
    expect(events).toEqual(['hold']);
    sender.push('200');
    line.buffered = 0;
    line.drain();

    expect(events).toEqual(['hold', 'release']);
  });

  it('is judged in time: true when nothing of it was taken for interval and timeout', () => {
    const line = new RecordingLine();
    const { sender } = senderOn(line);
    line.weight = 101;
    sender.push('much');
    line.weight = 0;

    expect([30, 49, 1].map((elapsed) => sender.beat(elapsed))).toEqual([false, false, true]);
  });
});
