/**
 * Makes a release commit and its tag: `npm run release -- patch | minor | major | 1.2.3`.
 * Moves what stands under [Unreleased] in CHANGELOG.md to the new version with today's date, sets
 * the version in package.json and package-lock.json, commits, and tags. It pushes nothing: look at
 * the commit, then `git push --follow-tags`. The workflow "Release" publishes the tag.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8' }).trim();
const fail = (text) => {
  console.error(text);
  process.exit(1);
};

/** The version that follows another by a step, or the one that is named. */
export function nextVersion(current, step) {
  if (/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(step)) return step;
  const [major, minor, patch] = current.split(/[.-]/).map(Number);
  if (step === 'major') return `${major + 1}.0.0`;
  if (step === 'minor') return `${major}.${minor + 1}.0`;
  if (step === 'patch') return `${major}.${minor}.${patch + 1}`;
  throw new Error('Expected patch, minor, major or a version such as 1.2.3');
}

/** The changelog with its unreleased changes under a version. */
export function released(changelog, version, date) {
  const heading = '## [Unreleased]\n';
  const at = changelog.indexOf(heading);
  if (at === -1) throw new Error('CHANGELOG.md has no heading [Unreleased]');
  const rest = changelog.slice(at + heading.length);
  const end = rest.search(/^## \[/m);
  const changes = (end === -1 ? rest : rest.slice(0, end)).trim();
  if (changes === '') throw new Error('CHANGELOG.md has nothing under [Unreleased]');
  return `${changelog.slice(0, at)}${heading}\n## [${version}] - ${date}\n${rest}`;
}

function main() {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  const version = nextVersion(manifest.version, process.argv[2] ?? '');
  if (run('git', 'status', '--porcelain') !== '') fail('Commit or stash your changes first.');
  if (run('git', 'rev-parse', '--abbrev-ref', 'HEAD') !== 'main')
    fail('Releases are made on main.');
  if (run('git', 'tag', '--list', `v${version}`) !== '') fail(`v${version} exists already.`);
  const changelog = readFileSync('CHANGELOG.md', 'utf8');
  writeFileSync(
    'CHANGELOG.md',
    released(changelog, version, new Date().toISOString().slice(0, 10)),
  );
  run('npm', 'version', version, '--no-git-tag-version', '--allow-same-version');
  run('git', 'commit', '--all', '--message', `Version ${version}`);
  run('git', 'tag', '--annotate', `v${version}`, '--message', `Version ${version}`);
  console.log(`v${version} is committed and tagged. Look at it, then: git push --follow-tags`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    main();
  } catch (error) {
    fail(error.message);
  }
}
