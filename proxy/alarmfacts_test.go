package proxy

import (
	"reflect"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/alarm"
)

// TestEveryAlarmHasAKey: each alarm has its rule from the key of its name, and each key its alarm.
func TestEveryAlarmHasAKey(t *testing.T) {
	t.Parallel()
	fields := config.FieldsOf(reflect.TypeFor[config.Alarms]())
	if len(fields) != len(alarm.Names()) {
		t.Errorf("%d keys, %d alarms", len(fields), len(alarm.Names()))
	}
	for _, f := range fields {
		var a config.Alarms
		reflect.ValueOf(&a).Elem().Field(f.Index).FieldByName("Off").SetBool(true)
		for name, rule := range alarmRules(&a) {
			if rule.Off != (string(name) == f.Name) {
				t.Errorf("alarms.%s.off: %s is off: %v", f.Name, name, rule.Off)
			}
		}
	}
}
