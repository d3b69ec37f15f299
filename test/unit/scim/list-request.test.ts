import { expect } from 'chai';
import type { ListRequest } from '../../../src/scim/protocol/list/request.js';
import { parseListRequest, parseSearchRequest } from '../../../src/scim/protocol/list/request.js';
import { toListResponse } from '../../../src/scim/protocol/list/response.js';
import { listResponseUrn, searchRequestUrn } from '../../../src/scim/protocol/urns.js';
import { refusal, registry } from '../../support/scim-protocol.js';

const limits = { defaultCount: 100, maxCount: 1000 };
const parse = (query: Record<string, unknown>): ListRequest => parseListRequest(query, registry.user, limits);
const refused = (query: Record<string, unknown>): string => refusal(() => parse(query));

describe('list requests (RFC 7644 section 3.4.2)', () => {
  it('has defaults for everything', () => {
    const { projection, ...rest } = parse({});
    expect(rest).to.deep.equal({
      filter: undefined,
      filterText: undefined,
      sortBy: undefined,
      isSortNamed: false,
      sortOrder: 'ascending',
      startIndex: 1,
      count: 100,
      isCounted: false,
      cursor: undefined,
    });
    expect(projection.mode).to.equal('default');
  });

  it('ignores parameters that are not of SCIM, and empty ones', () => {
    const request = parse({
      aadOptscim062020: '',
      filter: '',
      sortBy: ' ',
      sortOrder: '',
      startIndex: '',
      count: '',
      '': '',
    });
    expect(request).to.include({ startIndex: 1, count: 100, filterText: undefined });
  });

  it('reads startIndex from 1 and count from 0 to the maximum', () => {
    expect(parse({ startIndex: '-5', count: '-1' })).to.include({ startIndex: 1, count: 0 });
    expect(parse({ startIndex: '0', count: '0' })).to.include({ startIndex: 1, count: 0 });
    expect(parse({ startIndex: '101', count: '5000' })).to.include({ startIndex: 101, count: 1000 });
    expect(parse({ startIndex: 7, COUNT: 5 })).to.include({ startIndex: 7, count: 5 });
  });

  it('refuses what is no integer or given twice', () => {
    for (const query of [
      { startIndex: 'x' },
      { startIndex: '1.5' },
      { startIndex: 1.5 },
      { count: '1e3' },
      { count: '9'.repeat(20) },
      { count: ['1', '2'] },
      { count: {} },
      { count: true },
      { filter: ['title pr', 'id pr'] },
      { filter: { a: 1 } },
      { sortOrder: 'up' },
    ]) {
      expect(refused(query), JSON.stringify(query)).to.equal('400 invalidValue');
    }
  });

  it('reads the filter and keeps its text', () => {
    const request = parse({ filter: 'userName eq "a"' });
    expect(request.filter?.op).to.equal('eq');
    expect(request.filterText).to.equal('userName eq "a"');
    expect(refused({ filter: 'nope' })).to.equal('400 invalidFilter');
  });

  it('reads sortBy with URN, sub-attribute and the default of multi-valued attributes', () => {
    expect(parse({ sortBy: 'NAME.familyname', sortOrder: 'Descending' })).to.deep.include({
      sortOrder: 'descending',
    });
    expect(parse({ sortBy: 'emails' }).sortBy?.name).to.equal('emails.value');
    expect(parse({ sortBy: 'urn:ietf:params:scim:schemas:core:2.0:User:userName' }).sortBy?.name).to.equal(
      'userName',
    );
    for (const sortBy of ['unknown', 'name', 'password', 'addresses']) {
      expect(refused({ sortBy }), sortBy).to.equal('400 invalidValue');
    }
  });

  it('lets searches over several types sort and filter by what this type lacks', () => {
    const query = { sortBy: 'userName', filter: 'userName eq "a"' };
    const request = parseListRequest(query, registry.group, limits, { unknown: 'never' });
    expect(request.sortBy).to.equal(undefined);
    expect(request.filter).to.deep.equal({ op: 'never' });
    expect(refusal(() => parseListRequest({ sortBy: 'members.$ref.x' }, registry.group, limits))).to.equal(
      '400 invalidValue',
    );
  });

  it('reads cursors (RFC 9865): an empty one starts, startIndex excludes it, count is not clipped', () => {
    expect(parse({ cursor: '' })).to.include({ cursor: '', count: 100 });
    expect(parse({ cursor: 'abc', count: '10' })).to.include({ cursor: 'abc', count: 10 });
    expect(parse({ cursor: '', count: '-1' })).to.include({ count: 0 });
    expect(refused({ cursor: '', startIndex: '1' })).to.equal('400 invalidValue');
    expect(refused({ cursor: '', count: '1001' })).to.equal('400 invalidCount');
    expect(refused({ cursor: ['a', 'b'] })).to.equal('400 invalidValue');
  });
});

describe('POST .search (RFC 7644 section 3.4.3)', () => {
  const search = (body: unknown): ListRequest => parseSearchRequest(body, registry.user, limits);

  it('reads arrays of attributes and numbers', () => {
    const request = search({
      schemas: [searchRequestUrn],
      attributes: ['userName', 'emails.value'],
      filter: 'active eq true',
      sortBy: 'userName',
      startIndex: 1,
      count: 10,
    });
    expect(request).to.include({ count: 10, startIndex: 1 });
    expect(request.projection.mode).to.equal('only');
  });

  it('refuses a body without the schema as invalidSyntax', () => {
    for (const body of [undefined, 'x', [], {}, { schemas: ['urn:x'] }]) {
      expect(refusal(() => search(body))).to.equal('400 invalidSyntax');
    }
  });
});

describe('list responses', () => {
  it('counts what is on the page and shows where it stands', () => {
    expect(toListResponse([{ id: 1 }], 7, { startIndex: 3 })).to.deep.equal({
      schemas: [listResponseUrn],
      totalResults: 7,
      itemsPerPage: 1,
      startIndex: 3,
      Resources: [{ id: 1 }],
    });
    expect(toListResponse([], 0, { nextCursor: undefined })).to.deep.equal({
      schemas: [listResponseUrn],
      totalResults: 0,
      itemsPerPage: 0,
      Resources: [],
    });
    expect(toListResponse([], 9, { nextCursor: 'n', previousCursor: 'p' })).to.include({
      nextCursor: 'n',
      previousCursor: 'p',
    });
  });
});
