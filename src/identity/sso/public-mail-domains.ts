/** Where anybody gets an address: nobody's company, so no connection may claim it. */
const publicMailDomains = new Set(
  `126.com 163.com aol.com att.net bk.ru bluewin.ch btinternet.com comcast.net cox.net daum.net duck.com
  fastmail.com fastmail.fm free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com
  hanmail.net hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com
  icloud.com inbox.ru laposte.net libero.it list.ru live.ca live.co.uk live.com live.fr live.nl mac.com
  mail.com mail.ru mailbox.org mailinator.com me.com msn.com naver.com online.de orange.fr outlook.at
  outlook.co.uk outlook.com outlook.de outlook.es outlook.fr outlook.it pm.me posteo.de proton.me
  protonmail.ch protonmail.com qq.com rediffmail.com rocketmail.com rogers.com sbcglobal.net seznam.cz
  sfr.fr sina.com sky.com t-online.de tiscali.it tuta.com tuta.io tutanota.com tutanota.de ukr.net
  verizon.net virgilio.it virginmedia.com wanadoo.fr web.de wp.pl xtra.co.nz yahoo.ca yahoo.co.id
  yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au yahoo.com.br yahoo.de yahoo.es yahoo.fr
  yahoo.it yandex.com yandex.ru ymail.com zoho.com`.split(/\s+/),
);

/** @param domain - in normal form. */
export function isPublicMailDomain(domain: string): boolean {
  return publicMailDomains.has(domain);
}
