/** A struct that holds itself. */
import { array, object, string, type Struct } from 'superstruct';
import { recursive } from '../../lib/codecs/words.ts';

export interface Thread {
  readonly text: string;
  readonly replies: Thread[];
}

export const Thread: Struct<Thread> = recursive<Thread>('Thread', (thread) =>
  object({ text: string(), replies: array(thread) }),
);
