import { describe, expect, it } from 'vitest';
import { effectiveSettings } from '../base/settings.ts';
import { parseJson } from './parse-json.ts';
import { parseXml } from './parse-xml.ts';
import { writeXml } from './write-xml.ts';

const settings = effectiveSettings([], {});
const written = (json: string, level?: number): string =>
  writeXml(parseJson(Buffer.from(json), settings), level);
const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';

/** The `<div>` that a narrative of JSON becomes. */
function divOf(div: string): string {
  const xml = written(
    JSON.stringify({ resourceType: 'Basic', text: { status: 'generated', div }, language: 'en' }),
  );
  return xml.slice(xml.indexOf('<div'), xml.indexOf('</text>'));
}

describe('a resource as XML', () => {
  it('has its elements in the order of the definition, whatever the order of the JSON', () => {
    expect(
      written(
        '{"birthDate":"1980-02-03","name":[{"given":["A",null],"_given":[null,{"id":"g"}],"family":"K"}],"id":"a",' +
          '"active":true,"resourceType":"Patient","_birthDate":{"extension":[{"valueDecimal":1.50,"url":"u"}]}}',
      ),
    ).toBe(
      '<Patient xmlns="http://hl7.org/fhir"><id value="a"/><active value="true"/><name><family value="K"/>' +
        '<given value="A"/><given id="g"/></name><birthDate value="1980-02-03"><extension url="u">' +
        '<valueDecimal value="1.50"/></extension></birthDate></Patient>',
    );
  });

  it('is indented where people shall read it', () => {
    expect(
      written(
        '{"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"b"}],"name":[{"id":"n"}]}',
        0,
      ),
    ).toBe(
      [
        '',
        '<Patient xmlns="http://hl7.org/fhir">',
        '  <contained>',
        '    <Basic>',
        '      <id value="b"/>',
        '    </Basic>',
        '  </contained>',
        '  <name id="n"/>',
        '</Patient>',
      ].join('\n'),
    );
  });

  it('escapes what means something to XML, and keeps line breaks', async () => {
    const text = `<a href="x">&amp; 'q'\n\r\t</a> 😀 \u00a0`;
    const xml = writeXml({ resourceType: 'Basic', id: text }, undefined);
    expect(xml).toContain("&lt;a href=&quot;x&quot;&gt;&amp;amp; 'q'&#10;&#13;&#9;&lt;/a&gt;");
    expect(await parseXml(Buffer.from(xml), settings)).toEqual({ resourceType: 'Basic', id: text });
  });

  it('has nothing in it that XML cannot hold', async () => {
    const xml = writeXml({ resourceType: 'Basic', id: 'a\u0001\ufffe\ud800b' }, undefined);
    expect(await parseXml(Buffer.from(xml), settings)).toEqual({
      resourceType: 'Basic',
      id: 'a\ufffd\ufffd\ufffdb',
    });
  });

  it('refuses what R4 has no element for, and leaves nothing out', () => {
    expect(() => written('{"resourceType":"Patient","nonsense":1}')).toThrow(
      /Patient holds an element "nonsense"/,
    );
    expect(() => written('{"resourceType":"Patient","_name":[{"id":"a"}]}')).toThrow(/"_name"/);
    expect(() => written('{"resourceType":"Nonsense"}')).toThrow(/no R4 resource/);
    expect(() => written('{"resourceType":"Patient","name":["x"]}')).toThrow(/"name" is no object/);
    expect(() => written('{"resourceType":"Patient","active":{"x":1}}')).toThrow(
      /"active" is no simple value/,
    );
  });
});

describe('a narrative in XML', () => {
  it('is as it is where it is XHTML', () => {
    const div = `<div ${XHTML}>\n<p class='a'>x &lt; y &#160;<br/></p><!-- c --></div>`;
    expect(divOf(div)).toBe(div);
    expect(divOf('<div><p>x</p></div>')).toBe(`<div ${XHTML}><p>x</p></div>`);
    expect(divOf('<div>a&nbsp;b</div>')).toBe(`<div ${XHTML}>a&#160;b</div>`);
  });

  const broken = [
    '<div>a<br>b</div>',
    '<div>a & b</div>',
    '<div>a</div></text><active value="false"/><text><div>b</div>',
    '<div>a</div><div>b</div>',
    '<div>a',
    '<div a="<">a</div>',
    '<div a=b>a</div>',
    '<div>&eacute;</div>',
    '<div xmlns="http://hl7.org/fhir">a</div>',
    `<div ${XHTML}><x:y/></div>`,
    `<div ${XHTML}><p xmlns="http://hl7.org/fhir">a</p></div>`,
    '<divide>a</divide>',
    '<div>\u0001</div>',
  ];
  for (const div of broken) {
    it(`is a text to be read where it is not: ${JSON.stringify(div)}`, async () => {
      const xml = writeXml({ resourceType: 'Basic', text: { status: 'generated', div } }, undefined);
      const back = (await parseXml(Buffer.from(xml), settings)) as { text: { div: string } };
      expect(Object.keys(back)).toEqual(['resourceType', 'text']);
      expect(back.text.div).toMatch(new RegExp(`^<div ${XHTML}>&lt;div`));
    });
  }
});
