/** For the tests of applications: a client whose connection a test can cut, freeze and slow. */
export {
  type TagOf,
  testClient,
  type TestClient,
  type TestClientOptions,
} from './testing/test-client.ts';
export { type Target } from './testing/target.ts';
