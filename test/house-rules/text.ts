/** Rules about what any written file may say. */

import { isPublished, linesThatMatch } from './house-rule.ts';
import type { HouseRule } from './house-rule.ts';

const somewhere = 'docs/guides/start.md';

/** The rules below quote what they look for. */
const isRuleItself = (path: string): boolean => path.startsWith('test/house-rules/');

export const textRules: readonly HouseRule[] = [
  {
    name: 'nothing is left to do in a file',
    complaints: ({ path, text }) =>
      isRuleItself(path)
        ? []
        : linesThatMatch(
            text,
            /\b(?:TODO|FIXME|XXX|HACK|WIP)\b/,
            (word) => `says ${word}; do it now, or leave it out.`,
          ),
    offenders: [
      { path: somewhere, text: 'TODO: write this.' },
      { path: 'test/x.test.ts', text: 'run(); // FIXME later' },
    ],
    example: { path: somewhere, text: 'Everything is done, todos included.' },
  },
  {
    name: 'reasons stand in the text and not in a ticket',
    complaints: ({ path, text }) =>
      isRuleItself(path)
        ? []
        : linesThatMatch(
            text,
            /(?<![\w&/#-])#\d+\b|\bGH-\d+\b|\b(?:issue|ticket|pull request|PR) #?\d+\b/i,
            (reference) => `refers to ${reference.trim()}; write the reason itself.`,
          ),
    offenders: [
      { path: somewhere, text: 'See #12.' },
      { path: 'packages/hindsightdb/src/core/event.ts', text: '// Because of issue 12.' },
    ],
    example: { path: somewhere, text: 'A colour is #123abc or &#39;, a link has [an anchor](errors.md#1-first).' },
  },
  {
    name: 'no file names a place of one machine',
    complaints: ({ path, text }) =>
      isRuleItself(path)
        ? []
        : linesThatMatch(
            text,
            /(?<![\w.~@-])\/(?:work|root|home\/\w+|Users\/\w+|mnt)\/|(?<=["'`])\/tmp\/|[A-Z]:\\Users\\/,
            (place) =>
              `names ${place}, which other machines lack; write a path from the root of the repository, or ask os.tmpdir().`,
          ),
    offenders: [
      { path: somewhere, text: 'cd /work/main' },
      { path: 'test/x.test.ts', text: "open('/tmp/store');" },
      { path: '.ci/run', text: 'cp /home/anna/x .' },
    ],
    example: { path: somewhere, text: 'See https://example.org/work/plan and ./work/plan.' },
  },
  {
    name: 'no file names a package registry',
    complaints: ({ path, text }) =>
      isRuleItself(path)
        ? []
        : linesThatMatch(
            text,
            /registry\.(?:npmjs|yarnpkg)\.\w+|\bnpmjs\.org\b|^\s*"resolved": "https?:|^\s*registry\s*=/,
            (host) =>
              `names ${host.trim()}; leave the choice to npm's own settings (omit-lockfile-registry-resolved is set for that).`,
          ),
    offenders: [
      { path: 'package-lock.json', text: '      "resolved": "https://example.org/x.tgz",' },
      { path: '.npmrc', text: 'registry=https://example.org' },
      { path: somewhere, text: 'https://registry.npmjs.org/' },
    ],
    example: { path: 'package-lock.json', text: '      "resolved": "packages/hindsightdb",\n "link": true' },
  },
  {
    name: 'comments do not tell the history of the code',
    complaints: ({ path, source }) =>
      source === undefined || !isPublished(path)
        ? []
        : source.comments
            .filter((comment) =>
              /\b(?:was renamed|used to be|formerly|legacy|backwards? compatib\w+|for now|temporar(?:y|ily) (?:fix|workaround))\b/i.test(
                comment.value,
              ),
            )
            .map((comment) => ({
              line: comment.loc?.start.line ?? 1,
              message:
                'tells history or plans; write what is true of the code now, and the rest in the commit message.',
            })),
    offenders: [
      { path: 'packages/hindsightdb/src/core/event.ts', text: '// This used to be a class.' },
      { path: 'packages/hindsightdb/src/core/event.ts', text: '/* Good enough for now. */' },
    ],
    example: {
      path: 'packages/hindsightdb/src/core/event.ts',
      text: '// A stream that was ended takes no more events.',
    },
  },
];
