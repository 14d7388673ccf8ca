// What a visitor chose in a consent platform that keeps it where no server sees it, in a cookie of the site's own: Usercentrics (2 and 3),
// Sourcepoint (getCustomVendorConsents), Osano, Termly, and Didomi, whose didomi_dcs is numbered by site. It reads what these platforms
// document for pages, once they are there and whenever they say that something changed, and writes
// {"v":1,"cmp":"osano","at":<ms>,"categories":{"ANALYTICS":true},"services":{}}, percent-encoded. `signals: { mirror: ... }` reads it.
// Attributes of the script's element: data-cookie, the cookie's name; data-domain, its domain; data-cmp, which platform, where a page has several.
//
// Whenever it writes another choice than was there it posts that as well, to the endpoint for choices beside itself, which records it.
//
// It never writes a yes that it does not know of. There is a cookie only where the visitor is known to have chosen: by the platform's own
// word, or, where it has none (Sourcepoint, Termly), because the choice was seen to be made; then it stays on later pages as long as the
// platform says the same. What is not understood, what does not answer, a platform that is not there, and two of them: no cookie.
// Lines of comment and indentation are left out of what is served.
((w, d) => {
  let {cookie: name = 'tagwarden-choices', domain, cmp: only} = d.currentScript?.dataset || {}, own = d.currentScript?.src,
    // The act of choosing, for the record: what is not taken is not tried again, and the cookie stands.
    post = s => own && fetch(new URL('choices', own), {
      method: 'POST', credentials: 'include', keepalive: true, headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({categories: s.categories, platform: s.cmp, time: new Date(s.at || Date.now())})
    }).catch(() => {}),
    rest = '; Path=/; SameSite=Lax' + (domain ? '; Domain=' + domain : '') + (location.protocol == 'https:' ? '; Secure' : ''),
    write = (value, age) => { d.cookie = name + '=' + value + '; Max-Age=' + age + rest },
    raw = () => d.cookie.split('; ').find(c => c.startsWith(name + '='))?.slice(name.length + 1),
    kept = () => { try { return JSON.parse(decodeURIComponent(raw())) || {} } catch { return {} } },
    forget = () => { raw() === undefined || write('', 0) },
    // Answers by id, each true or false and nothing else; of two for one id, both have to be a yes.
    flags = pairs => {
      let all = Object.create(null)
      for (let [id, yes] of pairs) {
        if (typeof id != 'string' || !id || typeof yes != 'boolean') throw Error()
        all[id] = yes && all[id] !== false
      }
      return Object.fromEntries(Object.entries(all).sort())
    },
    word = (says, yes, ...no) => {
      if (says !== yes && !no.includes(says)) throw Error()
      return says === yes
    },
    dated = at => { if (!(at > 0)) throw Error(); return Math.floor(at) },
    answers = s => JSON.stringify([s.cmp, s.categories, s.services]),
    found = [], said = false, turn = 0, act = false,

    // Puts what a platform says into the cookie. read gives undefined where it says nothing yet, null where the visitor has not chosen,
    // and is broken where it cannot be understood.
    update = async (cmp, read, acted) => {
      act = act || acted === true
      let mine = ++turn, s
      try { s = await read() } catch { s = null }
      if (mine != turn || s === undefined) return
      let seen = act
      said = true
      act = false
      if (!s || found.length > 1) return forget()
      let was = kept(), now = {v: 1, cmp, categories: s.categories, services: s.services || {}}, same = was.v === 1 && answers(was) == answers(now)
      if (!s.sure && !seen && !same) return forget()
      let at = s.at || (seen ? Date.now() : same && was.at)
      if (at) now.at = at
      if (same && was.at === now.at) return
      let text = encodeURIComponent(JSON.stringify(now))
      if (text.length > 3500) { // what was refused says more than what was not
        now.services = Object.fromEntries(Object.entries(now.services).filter(([, yes]) => !yes))
        text = encodeURIComponent(JSON.stringify(now))
      }
      text.length > 3500 ? forget() : write(text, 34e6)
      same || post(now)
    },

    platforms = {
      usercentrics: {
        here: () => w.__ucCmp?.getConsentDetails || w.UC_UI?.getServicesBaseInfo,
        watch: go => {
          for (let event of ['UC_UI_INITIALIZED', 'UC_CONSENT', 'UC_UI_CMP_EVENT', 'UC_UI_VIEW_CHANGED'])
            w.addEventListener(event, e => {
              let acted = ['ACCEPT_ALL', 'DENY_ALL', 'SAVE'].includes(e.detail?.type)
              go(acted)
              setTimeout(go, 1000, acted) // it may be told before it is so
            })
        },
        read: async () => {
          if (w.__ucCmp?.getConsentDetails) {
            if (!await w.__ucCmp.isInitialized()) return
            let {consent, services, categories} = await w.__ucCmp.getConsentDetails()
            if (!word(consent.type, 'EXPLICIT', 'IMPLICIT')) return null
            return {
              sure: true, at: dated(consent.updatedAt),
              categories: flags(Object.entries(categories).map(([id, c]) => [id, word(c.state, 'ALL_ACCEPTED', 'ALL_DENIED', 'SOME_ACCEPTED', 'SOME_DENIED')])),
              services: flags(Object.values(services).map(s => [s.name, s.consent.given]))
            }
          }
          if (!w.UC_UI.isInitialized()) return
          let services = await w.UC_UI.getServicesBaseInfo(), asked = services.filter(s => !s.isEssential)
          if (!asked.length || !asked.every(s => word(s.consent.history.at(-1)?.type.toLowerCase() ?? 'implicit', 'explicit', 'implicit'))) return null
          return {
            sure: true, categories: flags(services.map(s => [s.categorySlug, s.consent.status])), services: flags(services.map(s => [s.name, s.consent.status]))
          }
        }
      },
      didomi: {
        here: () => w.Didomi,
        watch: go => {
          (w.didomiOnReady = w.didomiOnReady || []).push(() => { platforms.didomi.ready = true; go() });
          (w.didomiEventListeners = w.didomiEventListeners || []).push({event: 'consent.changed', listener: () => go()})
        },
        read: () => {
          if (!platforms.didomi.ready) return
          let s = w.Didomi.getCurrentUserStatus(), of = list => flags(Object.entries(list).map(([id, one]) => [id, one.enabled]))
          if (word(w.Didomi.isUserStatusPartial(), true, false) || !s.updated) return null
          return {sure: true, at: dated(Date.parse(s.updated)), categories: of(s.purposes), services: of(s.vendors)}
        }
      },
      osano: {
        here: () => w.Osano?.cm?.addEventListener,
        watch: go => {
          let is = acted => consent => { platforms.osano.consent = consent || null; go(acted) }
          w.Osano.cm.addEventListener('osano-cm-initialized', is())
          w.Osano.cm.addEventListener('osano-cm-consent-saved', is(true))
        },
        read: () => {
          let consent = platforms.osano.consent
          if (!consent) return consent
          let {OPT_OUT, ...others} = consent, pairs = Object.entries(others).map(([id, says]) => [id, word(says, 'ACCEPT', 'DENY')])
          if (OPT_OUT !== undefined && word(OPT_OUT, 'ACCEPT', 'DENY')) pairs.push(['OPT_OUT', false]) // whose ACCEPT is a no
          return {sure: true, categories: flags(pairs)}
        }
      },
      termly: {
        here: () => w.Termly?.getConsentState && w.Termly.on,
        watch: go => {
          w.Termly.on('initialized', () => go())
          w.Termly.on('consent', () => go(true))
        },
        read: () => {
          let state = w.Termly.getConsentState()
          return state ? {categories: flags(Object.entries(state))} : undefined
        }
      },
      sourcepoint: {
        here: () => w._sp_?.gdpr?.getCustomVendorConsents && w._sp_.addEventListener,
        watch: go => {
          let chose = false, on = (event, then) => w._sp_.addEventListener(event, (of, ...said) => { of == 'gdpr' && then(...said) })
          on('onMessageChoiceSelect', (_, kind) => { chose = chose || kind == 11 || kind == 13 }) // accept all, reject all
          on('onPrivacyManagerAction', done => { chose = chose || done !== 'CANCEL' })
          on('onConsentReady', () => { go(chose); chose = false })
        },
        read: () => new Promise((done, fail) => {
          setTimeout(fail, 15000)
          w._sp_.gdpr.getCustomVendorConsents((said, success) => {
            try {
              if (!success) throw Error()
              let vendors = Object.entries(said.grants), granted = said.consentedPurposes.map(p => p._id)
              done({
                categories: flags(vendors.flatMap(([, v]) => Object.entries(v.purposeGrants).map(([id, yes]) => [id, yes === true && !granted.includes(id) ? false : yes]))),
                services: flags(vendors.map(([id, v]) => [id, v.vendorGrant]))
              })
            } catch (e) { fail(e) }
          })
        })
      }
    },

    looked = 0,
    look = () => {
      for (let cmp in platforms) {
        if (found.includes(cmp) || only && only != cmp || !platforms[cmp].here()) continue
        found.push(cmp)
        let go = acted => update(cmp, platforms[cmp].read, acted)
        try { platforms[cmp].watch(go) } catch { forget() }
        go()
      }
      if (++looked < 100) setTimeout(look, 200)
      else if (!said) forget() // twenty seconds, and nobody said anything
    }
  look()
})(window, document)
