// tagwarden.object(scopes, ids), .takeBack(scopes, ids) and .standing() for a site's own front end. Each gives a promise of what is then in
// force, {in_force: [...], identified: n}, with elsewhere: true and a detail where what was objected to elsewhere stands, and is broken by an
// Error with the members of the problem document. scopes is a list such as
// ["all"], ["ads", "vendor:ga4"]; ids may hold an SDK's own id, where no cookie does: {"client_id:ga4": "..."}.
// It may be loaded as a script or as a module (import '/privacy/tagwarden.js'), and calls the endpoint beside itself. Where the browser has no
// navigator.globalPrivacyControl, it says true while everything is objected to.
// Lines of comment and indentation are left out of what is served: 1,024 bytes at most.
((d, n) => {
  // A module is not told which script it is: then the first address in a trace is its own.
  let to = new URL('objections', d.currentScript?.src || /http\S+?(?=:\d+:\d)/.exec(Error().stack)),
  call = async (method, body) => {
    let r = await fetch(to, {method, credentials: 'include', headers: body && {'Content-Type': 'application/json'}, body: body && JSON.stringify(body)}),
    j = await r.json()
    if (!r.ok) throw Object.assign(Error(j.title), j)
    return j
  },
  v = x => /^vendor:/.test(x),
  named = s => ({
    all: s.includes('all'),
    vendors: s.filter(v).map(x => x.slice(7)),
    purposes: s.filter(x => x != 'all' && !v(x))
  }),
  rest = ids => ({ids: ids || {}, campaign: new URLSearchParams(location.search).get('utm_campaign') || ''})
  window.tagwarden = {
    object: (s, ids) => call('POST', {...named(s), ...rest(ids)}),
    takeBack: (s, ids) => call('POST', {take_back: named(s), ...rest(ids)}),
    standing: () => call('GET')
  }
  'globalPrivacyControl' in n || Object.defineProperty(n, 'globalPrivacyControl', {
    get: () => /(^|; )__Host-tagwarden-objections=([^;]*\/)?all(\/|;|$)/.test(d.cookie)
  })
})(document, navigator)
