import type { RequestListener } from 'node:http';

const absolute = /^https?:\/\/[^/?#]*/i;

/**
 * Takes a request target in absolute form, `GET http://host/scim/v2/Users HTTP/1.1`, which every server must accept (RFC 9112 section
 * 3.2.2), before any router reads it. The host in it is of no meaning here: links are made from the configured address alone.
 */
export function withOriginForm(listener: RequestListener): RequestListener {
  return (req, res) => {
    if (req.url !== undefined && absolute.test(req.url)) {
      const target = req.url.replace(absolute, '');
      req.url = target.startsWith('/') ? target : `/${target}`;
    }
    listener(req, res);
  };
}
