package codec

import (
	"bytes"

	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/hit"
)

// item reads one item as Google's tags write it: values with tildes between, each behind the two letters of its name,
// "idSKU~nmName~pr9.99". What the site itself named are two of them with one number, "k0colour~v0red", name and value:
// they are read as one, called as the site calls it. A tilde inside a value is written twice.
func (o *Opener) item(parent int32, value hit.Span) error {
	root, err := o.list(parent, hit.Item, value)
	if err != nil {
		return err
	}
	text := o.hit.Bytes(value)
	if err := o.room(bytes.Count(text, []byte{'~'}) + 1); err != nil {
		return err
	}
	for at := 0; ; {
		end := glueEnd(text, at)
		if !isItemName(text[at:end]) {
			return ErrMalformed
		}
		n := hit.Node{Kind: hit.Glued, Key: sub(value, at, at+2), Val: sub(value, at+2, end)}
		if text[at] == 'k' && isIndex(text[at+1]) {
			if end == len(text) {
				return ErrMalformed
			}
			next := end + 1
			end = glueEnd(text, next)
			digits, ok := commonIndex(text[at+1:next-1], text[next:end])
			if !ok {
				return ErrMalformed
			}
			n.Key, n.Val = sub(value, at, next+1+digits), sub(value, next+1+digits, end)
			i := o.hit.Append(root, n)
			o.hit.Name(i, hit.Unglue(o.hit, sub(value, at+1+digits, next-1)))
		} else {
			o.hit.Append(root, n)
		}
		if end == len(text) {
			return nil
		}
		at = end + 1
	}
}

// glueEnd returns where the value that begins at i ends: at a tilde that stands alone, or at the end of the text.
func glueEnd(text []byte, i int) int {
	for ; i < len(text); i++ {
		if text[i] != '~' {
			continue
		}
		if i+1 == len(text) || text[i+1] != '~' {
			return i
		}
		i++
	}
	return len(text)
}

// isItemName tells whether a value begins with a name: two letters, or a letter and a digit. What stands for the value
// of a name of the site's own does not come alone.
func isItemName(b []byte) bool {
	return len(b) >= 2 && ascii.IsLetter(b[0]) && ascii.IsAlnum(b[1]) && (b[0] != 'v' || !isIndex(b[1]))
}

// isIndex tells whether a byte numbers a name of the site's own: 0 to 9, then A to Z.
func isIndex(c byte) bool { return ascii.IsDigit(c) || c >= 'A' && c <= 'Z' }

// commonIndex tells how long the number is that a name, "0colour", and its value, "v0red", have in common. Names don't
// begin with digits, so that it is as long as can be.
func commonIndex(name, value []byte) (length int, ok bool) {
	if len(value) < 2 || value[0] != 'v' || !isIndex(name[0]) || value[1] != name[0] {
		return 0, false
	}
	length = 1
	for ascii.IsDigit(name[0]) && length < len(name) && ascii.IsDigit(name[length]) {
		length++
	}
	if length > 1 && !bytes.HasPrefix(value[1:], name[:length]) {
		length = 1
	}
	return length, true
}
