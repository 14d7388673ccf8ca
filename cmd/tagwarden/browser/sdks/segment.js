import { AnalyticsBrowser } from '@segment/analytics-next';

window.AnalyticsBrowser = AnalyticsBrowser;
let analytics;
window.sdk = {
  async started(loaded) { analytics = loaded; await analytics.ready(); },
  page: () => analytics.page('Shop', { plan: 'free' }),
  track: (name, properties) => analytics.track(name, properties),
  identify: p => analytics.identify(p.id, { email: p.email, firstName: p.first, lastName: p.last, phone: p.phone, address: p.address, birthday: p.birthday }),
};
