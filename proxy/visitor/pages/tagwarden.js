// tagwarden.object(scopes, ids), .takeBack(scopes, ids) and .standing() for a site's own front end. Each gives a promise of what is then in
// force, {in_force: [...], identified: n}, with elsewhere: true and a detail where what was objected to elsewhere stands, and is broken by an
// Error with the members of the problem document. .gpc() gives a promise of what the site makes of Global Privacy Control for
// this browser: {sent, read, honored, kept, purposes: [...], text}, for a line of the site's own: text is what to show, in the
// visitor's language, "" where there is nothing to say. .choice({categories: {analytics: true, marketing: false}, text, version}, ids) records what
// a visitor answered when the site's banner asked, with the digest of the text that was shown, and gives a promise of {recorded, identified,
// counts, text, text_kept}: whether it counts for hits from now on, nothing, refusals, or with user_id, time and proof of the site's server all. scopes is a list such as
// ["all"], ["ads", "vendor:ga4"]; ids may hold an SDK's own id, where no cookie does: {"client_id:ga4": "..."}.
// It may be loaded as a script or as a module (import '/privacy/tagwarden.js'), and calls the endpoint beside itself. Where the browser has no
// navigator.globalPrivacyControl, it says true while everything is objected to.
// Lines of comment and indentation are left out of what is served: 1,120 bytes at most.
((d, n) => {
  // A module is not told which script it is: then the first address in a trace is its own.
  let to = d.currentScript?.src || /http\S+?(?=:\d+:\d)/.exec(Error().stack),
  call = async (body, at = 'objections') => {
    let r = await fetch(new URL(at, to), {method: body && 'POST', credentials: 'include', headers: body && {'Content-Type': 'application/json'}, body: body && JSON.stringify(body)}),
    j = await r.json()
    if (r.ok) return j
    throw Object.assign(Error(j.title), j)
  },
  v = x => /^vendor:/.test(x),
  named = s => ({
    all: s.includes('all'),
    vendors: s.filter(v).map(x => x.slice(7)),
    purposes: s.filter(x => x != 'all' && !v(x))
  }),
  ask = (o, ids) => call({...o, ids: ids || {}, campaign: new URLSearchParams(location.search).get('utm_campaign') || ''}),
  g = 'globalPrivacyControl'
  window.tagwarden = {
    object: (s, ids) => ask(named(s), ids),
    takeBack: (s, ids) => ask({take_back: named(s)}, ids),
    standing: () => call(),
    choice: (c, ids) => call({time: new Date, ids, ...c}, 'choices'),
    gpc: () => call(void 0, 'gpc')
  }
  g in n || Object.defineProperty(n, g, {get: () => /(^|; )__Host-tagwarden-objections=([^;]*\/)?all(\/|;|$)/.test(d.cookie)})
})(document, navigator)
