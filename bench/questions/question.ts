import { type Pace } from '../contest.ts';
import { type Table } from '../report.ts';

/** What can be asked: `npm run bench -- <name>`. */
export interface Question {
  readonly name: string;
  readonly asks: string;
  readonly answer: (pace: Pace) => Promise<Table[]>;
}
