package signal

import (
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// iubenda reads its record of US choices, {"s":true,"sh":true,"adv":true}: sale, sharing,
// targeted advertising; false is an opt-out.
func (f *finding) iubenda(text []byte) {
	said := OptOuts{State: Malformed}
	view := read.String(text)
	if len(text) <= read.MaxCookie && read.JSON(text) && gjson.Parse(view).IsObject() {
		said.State = Valid
		gjson.Parse(view).ForEach(func(key, value gjson.Result) bool {
			var of US
			switch key.Str {
			case "s":
				of = Sale
			case "sh":
				of = Sharing
			case "adv":
				of = TargetedAdvertising
			default:
				return true
			}
			switch value.Type {
			case gjson.True:
			case gjson.False:
				said.Of |= of
			default:
				said.State = Malformed
			}
			return true
		})
	}
	f.s.USP.merge(said)
	if f.note != nil {
		f.note(USPrivacy, "cookie _iub_cs-...-uspr", said.State, string(said.Append(nil)))
	}
}
