package catalog

import "testing"

// TestCopyIsClosedAlone: fields are closed for one policy, and for copies that are made of its vendor later; all else
// is one.
func TestCopyIsClosedAlone(t *testing.T) {
	t.Parallel()
	file, _ := Builtin("ga4")
	v, err := Compile(file, nil, Names())
	if err != nil {
		t.Fatal(err)
	}
	one, other := v.Copy(Names()), v.Copy(Names())
	closed := 0
	for i := range one.Fields {
		if one.Close(i); one.closed.has(int32(i)) {
			closed++
		}
	}
	if closed == 0 {
		t.Error("no field can be closed")
	}
	if v.closed != nil || other.closed != nil {
		t.Error("others are closed, too")
	}
	again := one.Copy(Names())
	if again.Close(0); len(again.closed) != len(one.closed) || &again.closed[0] == &one.closed[0] {
		t.Error("a copy is not closed as what it was made of, or shares that with it")
	}
	if &one.Fields[0] != &v.Fields[0] {
		t.Error("the fields were copied")
	}
}
