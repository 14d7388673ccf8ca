package stream

import (
	"slices"

	"github.com/tidwall/gjson"
)

// personal are the members that tell one person from another, and the checksum, which is that of the line with them.
var personal = []string{"subjects", "form", "act", "crc"}

// withoutPersons is a record without them.
func withoutPersons(line []byte) []byte {
	b := []byte{'{'}
	gjson.ParseBytes(line).ForEach(func(key, value gjson.Result) bool {
		if slices.Contains(personal, key.Str) {
			return true
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(b, key.Raw...), ':')
		b = append(b, value.Raw...)
		return true
	})
	return append(b, '}')
}
