import { describe, expect, it } from 'vitest';

interface Release {
  readonly nextVersion: (current: string, step: string) => string;
  readonly released: (changelog: string, version: string, date: string) => string;
}
const script = '../.ci/release.mjs';
const { nextVersion, released } = (await import(script)) as Release;

describe('nextVersion', () => {
  it.each([
    ['0.1.0', 'patch', '0.1.1'],
    ['0.1.9', 'minor', '0.2.0'],
    ['0.9.9', 'major', '1.0.0'],
    ['1.0.0-rc.1', 'patch', '1.0.1'],
    ['0.1.0', '2.0.0-rc.1', '2.0.0-rc.1'],
  ])('of %s by %s is %s', (current, step, expected) => {
    expect(nextVersion(current, step)).toBe(expected);
  });

  it.each(['', 'big', '1.2', 'v1.2.3'])('refuses %j', (step) => {
    expect(() => nextVersion('0.1.0', step)).toThrow('Expected patch, minor, major');
  });
});

describe('released', () => {
  const changelog =
    '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- a\n\n## [0.1.0] - 2026-01-01\n\n- b\n';

  it('puts the unreleased changes under the version and its date', () => {
    expect(released(changelog, '0.2.0', '2026-12-01')).toBe(
      '# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- a\n\n## [0.1.0] - 2026-01-01\n\n- b\n',
    );
  });

  it('refuses a changelog that has nothing to release', () => {
    const empty = changelog.replace('### Added\n\n- a\n\n', '');

    expect(() => released(empty, '0.2.0', '2026-12-01')).toThrow('nothing under [Unreleased]');
    expect(() => released('# Changelog\n', '0.2.0', '2026-12-01')).toThrow('no heading');
  });
});
