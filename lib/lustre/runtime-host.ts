/** The owner of a running component, as its runtime sees it. */
import { type ApplicationError } from '../application/errors.ts';
import { type OmniError } from '../core/errors.ts';

/** Called by a running component. The functions must not throw. */
export interface RuntimeHost {
  readonly failed: (error: OmniError) => void;
  /** Called before the viewers are. */
  readonly ended: (error?: ApplicationError) => void;
}
