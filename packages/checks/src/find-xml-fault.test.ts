import { describe, expect, it } from 'vitest';
import { findXmlFault } from './find-xml-fault.ts';

describe('well-formed XML', () => {
  it.each([
    '<a/>',
    '<a b="1" c=\'"\'>x &amp; &#10; &#xA;<!-- < & --><![CDATA[ </a> & ]]><?p <?></a >\n',
    '<a b="x<y>"><ü.1/></a>',
  ])('accepts %j', (body) => {
    expect(findXmlFault(body)).toBeUndefined();
  });

  it.each([
    ['<a>\n<b>\n</a>', 'line 3: </a> closes <b>'],
    ['<a/></b>', 'line 1: </b> closes nothing'],
    ['<a><b></b>', '<a> is not closed at the end'],
    ['<a/>\n<b/>', 'line 2: there is a second root'],
    ['<a/>x', 'line 1: text stands outside of the root'],
    ['<a>x & y</a>', 'line 1: “&” does not begin a reference'],
    ['<a b="1" b="2"/>', 'line 1: <a> has an attribute twice'],
    ['<a b="1"c="2"/>', 'line 1: here is no tag, comment or text'],
    ['<a b/>', 'line 1: here is no tag, comment or text'],
    ['<a b="1', 'line 1: here is no tag, comment or text'],
    ['<a><!-- </a>', 'line 1: here is no tag, comment or text'],
    ['<a><!DOCTYPE a></a>', 'line 1: here is no tag, comment or text'],
    [' ', 'it has no element'],
  ])('refuses %j', (body, fault) => {
    expect(findXmlFault(body)).toBe(fault);
  });
});
