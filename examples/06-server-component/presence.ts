/** Who is here. It knows nothing of components: a program, a route or a job could ask it too. */
import { createHub } from 'express-omnimessage';
import { structCodec } from 'express-omnimessage/codecs';
import { array, integer, number, object, string, type Infer } from 'superstruct';

const Person = object({ id: string(), name: string(), count: integer(), since: number() });
const People = array(Person);

export type Person = Infer<typeof Person>;

/** The topic on which everybody is told, each time that something has changed. */
export const PEOPLE = 'people';
export const hub = createHub<Person[]>({
  codec: structCodec({ incoming: People, outgoing: People }),
  onError: (error) => console.error(error.message),
});

const people = new Map<string, Person>();

/** Those who are here, in the order in which they came. */
export const everybody = (): Person[] => [...people.values()];

/** Enters somebody, or what has changed about them. */
export function tell(person: Person): void {
  people.set(person.id, person);
  hub.publish(PEOPLE, everybody());
}

export function leave(id: string): void {
  if (people.delete(id)) hub.publish(PEOPLE, everybody());
}
