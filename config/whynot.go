package config

import (
	"errors"
	"io/fs"

	"github.com/tagwarden/tagwarden/config/namedfile"
)

// WhyNot says in words why a call of the system about a file failed, and what the error
// says itself where there are none for it.
func WhyNot(err error) string { return namedfile.WhyNot(err) }

// WhyUnread says in words why the file of that name cannot be read: of a link that leads nowhere, where it leads.
func WhyUnread(name string, err error) string { return namedfile.WhyUnread(name, err) }

// reason leaves out of an error what a fault says already.
func reason(err error) string {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		err = of.Err
	}
	return WhyNot(err)
}
