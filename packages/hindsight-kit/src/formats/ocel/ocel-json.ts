/**
 * OCEL 2.0 in JSON.
 */

import { ElementScanner } from '../json/element-scanner.ts';
import { UnreadableInput } from '../source/bad-input.ts';
import { isOcelSection, ocelSections, type OcelElement, type OcelReader } from './ocel-elements.ts';

/** Reads the JSON of a log. Members that OCEL does not have are passed over, with a note. */
export class OcelJsonReader implements OcelReader {
  readonly #notes = new Set<string>();
  readonly #sections = new Set<string>();
  readonly #scanner: ElementScanner = new ElementScanner('sections', {
    onSection: (section, line) => this.#begin(section, line),
    onOther: (section, line) => this.#passOver(section, line),
  });

  get notes(): readonly string[] {
    return [...this.#notes];
  }

  feed(piece: Buffer): readonly OcelElement[] {
    return this.#scanner
      .feed(piece)
      .flatMap(({ section, index, line, text }): OcelElement[] =>
        isOcelSection(section)
          ? [{ section, line, label: `${section}[${index}]`, text: text.replace(/[\r\n]/g, ' ') }]
          : [],
      );
  }

  end(): void {
    this.#scanner.end();
    const missing = ocelSections.find((section) => !this.#sections.has(section));
    if (missing !== undefined)
      throw new UnreadableInput(`The log has no member ${JSON.stringify(missing)}.`, { offset: 0, line: 1 });
  }

  #begin(section: string, line: number): void {
    if (section.startsWith('ocel:'))
      throw new UnreadableInput('This is a log of OCEL 1.0, and only OCEL 2.0 is read.', {
        offset: 0,
        line,
        element: section,
      });
    if (!isOcelSection(section)) this.#note(section);
    else if (this.#sections.has(section))
      throw new UnreadableInput('This member stands there twice.', { offset: 0, line, element: section });
    this.#sections.add(section);
  }

  #passOver(section: string, line: number): void {
    if (isOcelSection(section))
      throw new UnreadableInput('This member must be an array.', { offset: 0, line, element: section });
    this.#begin(section, line);
  }

  #note(section: string): void {
    this.#notes.add(`The log has a member ${JSON.stringify(section)}, which OCEL does not have; it is left out.`);
  }
}
