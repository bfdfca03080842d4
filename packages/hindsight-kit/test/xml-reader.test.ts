/** XML in pieces: what is reported, where it stands, and what is refused. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { array, assert as check, nat, property } from 'fast-check';
import { UnreadableInput } from '../src/formats/source/bad-input.ts';
import { xmlEncodingOf } from '../src/formats/xml/xml-encoding.ts';
import { XmlReader, xmlDepthMax } from '../src/formats/xml/xml-reader.ts';

interface Reading {
  readonly told: readonly string[];
  readonly failure: UnreadableInput | undefined;
}

/** Reads a text, cut where it is told to; texts between tags are joined, since where they are parted depends on the cuts. */
function read(text: string, cuts: readonly number[] = []): Reading {
  const told: string[] = [];
  let pending = '';
  const tell = (line: string): void => {
    if (pending !== '') told.push(`text ${JSON.stringify(pending)}`);
    pending = '';
    told.push(line);
  };
  const reader: XmlReader = new XmlReader({
    open: ({ name, namespace, attributes, place }) =>
      tell(
        `open ${namespace}|${name} ${JSON.stringify(attributes)} ${place.line}:${place.character} to ${reader.offset}`,
      ),
    close: ({ name }) => tell(`close ${name} ${reader.offset}`),
    text: (part) => (pending += part),
  });
  const characters = Array.from(text);
  let from = 0;
  for (const cut of [...cuts.toSorted((one, other) => one - other), characters.length]) {
    reader.feed(Buffer.from(characters.slice(from, cut).join('')));
    from = Math.max(from, cut);
  }
  reader.end();
  return { told, failure: reader.failure };
}

const plain = (text: string): readonly string[] => {
  const { told, failure } = read(text);
  assert.equal(failure, undefined, failure?.message);
  return told;
};

suite('a reader of XML', () => {
  test('reports elements with attributes and places, and the text between them', () => {
    assert.deepEqual(plain('<?xml version="1.0"?>\n<a>\n  <b x="1" y=\'2\'/>é<c\nz="3">t</c></a>'), [
      'open |a [] 2:1 to 25',
      'text "\\n  "',
      'open |b [["x","1"],["y","2"]] 3:3 to 44',
      'close b 44',
      'text "é"',
      'open |c [["z","3"]] 3:undefined to 55',
      'text "t"',
      'close c 60',
      'close a 64',
    ]);
  });

  test('gives the same for every way to cut the text', () => {
    const text =
      '\uFEFF<?xml version="1.0"?>\r\n<!-- ü --><l:log xmlns:l="urn:x">\r\n<l:e k="&lt;ä&#128512;𝒳\t"/><![CDATA[<&]]>é𝒳 <e/>\r\n</l:log>\r\n';
    const whole = read(text);
    assert.equal(whole.failure, undefined);
    check(
      property(array(nat({ max: text.length }), { maxLength: 20 }), (cuts) => {
        assert.deepEqual(read(text, cuts), whole);
      }),
    );
  });

  test('resolves namespaces, whatever their prefixes', () => {
    assert.deepEqual(
      plain('<p:a xmlns:p="urn:1"><b xmlns="urn:2" p:c="d"/><b/></p:a>').filter((line) => line.startsWith('open')),
      ['open urn:1|a [] 1:1 to 21', 'open urn:2|b [["p:c","d"]] 1:22 to 47', 'open |b [] 1:48 to 51'],
    );
  });

  test('knows the five entities, and characters by number', () => {
    assert.deepEqual(
      plain('<a b="&lt;&gt;&amp;&quot;&apos;&#228;&#xE4;"/>')[0],
      'open |a [["b","<>&\\"\'ää"]] 1:1 to 46',
    );
  });

  test('passes over a document type that declares nothing', () => {
    assert.equal(plain('<!DOCTYPE a SYSTEM "a[1].dtd"><a/>').length, 2);
  });

  const refused: readonly (readonly [what: string, text: string, complaint: RegExp, line: number])[] = [
    ['a tag that is never closed', '<a>\n<b>\n</a>', /<b>, which begins in line 2, is still open/, 3],
    ['a text that ends in an element', '<a>\n<b', /ends inside <a>, which begins in line 1: it is cut off/, 2],
    ['a text that ends in its first tag', '<a', /Unexpected end|must contain a root/, 1],
    ['an empty text', '', /must contain a root element/, 1],
    ['two elements at the top', '<a/>\n<b/>', /only one root/, 2],
    ['text behind the end', '<a/>\nb', /text data outside/i, 2],
    ['an attribute that stands twice', '<a>\n<b c="1" c="2"/></a>', /Duplicate attribute: c/, 2],
    ['an attribute without quotes', '<a b=1/>', /Unquoted attribute value/, 1],
    ['a bare ampersand', '<a>\n R & D</a>', /An & stands here that begins no entity/, 2],
    ['a bare ampersand in an attribute', '<a>\n<b c="R & D"/>\n<b c="x;"/></a>', /An & stands here/, 2],
    ['an entity that nobody knows', '<a>\n&nbsp;</a>', /Undefined entity/, 2],
    ['a control character', '<a>\n\u0001</a>', /Disallowed character/, 2],
    ['a control character by number', '<a>&#0;</a>', /Malformed character entity/, 1],
    ['a prefix that nothing binds', '<a>\n<x:b/></a>', /Unbound namespace prefix: "x"/, 2],
    ['a comment with two hyphens', '<a><!-- -- --></a>', /Malformed comment/, 1],
    [
      'entities that multiply',
      '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>\n<a>&c;</a>',
      /document type with declarations/,
      1,
    ],
    [
      'files that are to be read',
      '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
      /declarations/,
      1,
    ],
    ['depth without end', '<a>\n'.repeat(xmlDepthMax + 1), /more than 256 deep/, xmlDepthMax + 1],
  ];
  for (const [what, text, complaint, line] of refused) {
    test(`refuses ${what}`, () => {
      const { failure } = read(text);
      assert.ok(failure instanceof UnreadableInput);
      assert.match(failure.message, complaint);
      assert.equal(failure.place.line, line);
    });
  }

  test('names no character of the line where the text is cut off', () => {
    const { failure } = read('<a>\n<b>\n');
    assert.deepEqual(failure?.place, { offset: 8, line: 3, character: undefined, element: '<b>' });
  });

  test('reports no end of an element that another end closes', () => {
    const { told } = read('<a><b></a>');
    assert.deepEqual(told, ['open |a [] 1:1 to 3', 'open |b [] 1:4 to 6']);
  });

  test('refuses a comment without end before it fills the memory', () => {
    const reader = new XmlReader({ open: () => undefined, close: () => undefined, text: () => undefined });
    reader.feed(Buffer.from('<a><!--'));
    const piece = Buffer.alloc(4 * 1024 * 1024, 'x');
    let fed = 0;
    while (reader.failure === undefined && fed < 20) {
      reader.feed(piece);
      fed += 1;
    }
    assert.match(reader.failure?.message ?? '', /longer than 32 MiB/);
  });

  test('ends with the failure that its handler finds', () => {
    const reader = new XmlReader({
      open: ({ name, place }) => {
        if (name === 'bad') throw new UnreadableInput('No.', place);
      },
      close: () => undefined,
      text: () => undefined,
    });
    reader.feed(Buffer.from('<a>\n  <bad/><bad/></a>'));
    assert.deepEqual({ ...reader.failure?.place }, { offset: 6, line: 2, character: 3 });
  });
});

suite('the encoding of an XML text', () => {
  const cases: readonly (readonly [what: string, beginning: Buffer, encoding: string | undefined])[] = [
    ['nothing', Buffer.from('<a/>'), undefined],
    ['a declaration', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?>'), 'windows-1252'],
    ['a declaration in single quotes', Buffer.from("<?xml version='1.0' encoding = 'UTF-8' ?>"), 'utf-8'],
    ['a mark of UTF-8 against its declaration', Buffer.from('\uFEFF<?xml version="1.0" encoding="latin1"?>'), 'utf-8'],
    ['a mark of UTF-16', Buffer.from('\uFEFF<a/>', 'utf16le'), 'utf-16le'],
    ['UTF-16 without a mark', Buffer.from('<?xml version="1.0"?>', 'utf16le'), 'utf-16le'],
    ['UTF-16, great end first', Buffer.from('<?xml version="1.0"?>', 'utf16le').swap16(), 'utf-16be'],
  ];
  for (const [what, beginning, encoding] of cases) {
    test(`is known by ${what}`, () => assert.equal(xmlEncodingOf(beginning), encoding));
  }

  test('is refused where nobody knows it, or it cannot be true', () => {
    assert.throws(
      () => xmlEncodingOf(Buffer.from('<?xml version="1.0" encoding="EBCDIC-1"?>')),
      /EBCDIC-1, which is not known/,
    );
    assert.throws(
      () => xmlEncodingOf(Buffer.from('<?xml version="1.0" encoding="UTF-16"?>')),
      /its first bytes are not/,
    );
  });
});
