import { newTracker, setUserId, trackPageView, trackSelfDescribingEvent, trackStructEvent } from '@snowplow/browser-tracker';

window.newTracker = newTracker;
const schema = name => `iglu:com.acme/${name.toLowerCase().replaceAll(' ', '_')}/jsonschema/1-0-0`;
window.sdk = {
  started() {},
  page: () => trackPageView(),
  track(name, properties) {
    if (name === 'Product Viewed') trackStructEvent({ category: 'shop', action: name, label: properties.name, property: properties.sku, value: properties.price });
    else trackSelfDescribingEvent({ event: { schema: schema(name), data: properties } });
  },
  identify(p) {
    setUserId(p.email);
    trackSelfDescribingEvent({ event: { schema: schema('identify'), data: { email: p.email, name: `${p.first} ${p.last}`, phone: p.phone } } });
  },
};
