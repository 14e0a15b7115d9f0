// The closing lines: how many tests ran, in all suites whose results lie in the folder given,
// and which of them passed only when they were run once more. A few may; more are a fault.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MOST_REPEATED = 6;

const [folder] = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };
const repeated = [];
for (const name of readdirSync(folder)) {
  const result = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  counts.passed += result.numPassedTests;
  counts.failed += result.numFailedTests;
  counts.skipped += result.numPendingTests + result.numTodoTests;
  for (const { assertionResults } of result.testResults) {
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status !== 'passed' || failureMessages.length === 0) continue;
      repeated.push(`${name}: ${fullName}\n  ${failureMessages[0].split('\n')[0]}`);
    }
  }
}

for (const test of repeated) console.log(`Passed only when run once more: ${test}`);
if (repeated.length > MOST_REPEATED) {
  console.error(`${repeated.length} tests had to be run once more, ${MOST_REPEATED} may.`);
  process.exitCode = 1;
}
if (counts.passed === 0) {
  console.error('No test has run.');
  process.exitCode = 1;
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
