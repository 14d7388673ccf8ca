package change

import (
	"reflect"

	"github.com/tagwarden/tagwarden/config"
)

// told compares what visitors are told of their devices, of decisions about them, and of what they have to give.
func (c *comparison) told(where string, old, changed *config.Activity) {
	if !reflect.DeepEqual(old.Device, changed.Device) {
		nothing := changed.Device.Said && len(changed.Device.Stores) == 0
		c.add(where, either(!nothing), "%s", map[bool]string{
			true: "nothing is kept on devices or read from them", false: "what is kept on devices, or read from them, reads " +
				"otherwise",
		}[nothing])
	}
	switch before, after := old.AutomatedDecision.Any(), changed.AutomatedDecision.Any(); {
	case after && !before:
		c.add(where, Wider, "a machine decides about visitors")
	case before && !after:
		c.add(where, Narrower, "no machine decides about visitors")
	case !reflect.DeepEqual(old.AutomatedDecision, changed.AutomatedDecision):
		c.add(where, Neutral, "what is said of decisions by machines reads otherwise")
	}
	if !reflect.DeepEqual(old.Required, changed.Required) {
		c.add(where, Neutral, "what is said of whether the data have to be given reads otherwise")
	}
}
