// Package segment keeps append-only files of records: what several goroutines append is written together, and synced
// together for all who wait; a full disk and a failed sync refuse and recover, without a restart and without a hole; a
// file is read past its damage. It knows nothing of what records say.
//
// It promises that a record for which [Writer.Written] returned nil has been handed to the kernel whole, and lies in
// order behind every record that was added before; that one for which [Writer.Synced] returned nil is on disk; and that
// a record for which either returned an error is in no file, unless the writer was closed meanwhile.
package segment
