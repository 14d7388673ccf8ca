import mixpanel from 'mixpanel-browser';

window.mixpanel = mixpanel;
window.sdk = {
  started() {},
  page: () => mixpanel.track_pageview(),
  track: (name, properties) => mixpanel.track(name, properties),
  identify(p) {
    mixpanel.identify(p.id);
    mixpanel.people.set({ $email: p.email, $first_name: p.first, $last_name: p.last, $phone: p.phone });
  },
};
