package cmp

import "github.com/tidwall/gjson"

// didomi: didomi_token is base64 of
// {"updated":..,"purposes":{"enabled":[..],"disabled":[..]},"vendors":{..},"purposes_li":{..}, "vendors_li":{..}}. It
// is there before any choice, without the lists. didomi_dcs is a binary form whose purposes are numbered by site.
var didomi = dialect{
	name:  "didomi",
	names: []string{"didomi_token", "didomi_dcs"},
	read:  readDidomi,
	end: func(s *Scratch) {
		if !s.has(0) {
			s.decided(Unknowable)
		}
	},
	services: true,
	tcf:      didomiTCF,
	free:     true,
}

// didomiTCF tells whether a purpose is one of IAB's, by the names that Didomi gives them.
func didomiTCF(id []byte) bool {
	switch string(id) {
	case "cookies", "select_basic_ads", "create_ads_profile", "select_personalized_ads", "create_content_profile",
		"select_personalized_content", "measure_ad_performance", "measure_content_performance", "market_research",
		"improve_products", "use_limited_data_to_select_content":
		return true
	default:
		return false
	}
}

func readDidomi(s *Scratch, c *cookie) {
	if c.slot == 1 {
		s.st.Opaque = true
		return
	}
	text, ok := s.base64(c.value)
	if !ok {
		s.malformed()
		return
	}
	object, ok := s.object(text)
	if !ok {
		s.malformed()
		return
	}
	before, updated := len(s.said), false
	object.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "purposes":
			didomiLists(s, Category, value)
		case "vendors":
			didomiLists(s, Service, value)
		case "purposes_li":
			didomiLists(s, CategoryLI, value)
		case "vendors_li":
			didomiLists(s, ServiceLI, value)
		case "updated":
			updated = value.Type != gjson.Null
			s.when(value)
		}
		return true
	})
	if updated && len(s.said) > before {
		s.decided(Decides)
	} else {
		s.decided(Undecided)
	}
}

// didomiLists reads {"enabled":[..],"disabled":[..]}.
func didomiLists(s *Scratch, list List, object gjson.Result) {
	if !object.IsObject() {
		s.mustBe(object.Type == gjson.Null)
		return
	}
	object.ForEach(func(key, value gjson.Result) bool {
		switch {
		case value.Type == gjson.Null:
		case key.Str == "enabled":
			s.ids(list, value, yes)
		case key.Str == "disabled":
			s.ids(list, value, no)
		}
		return true
	})
}
