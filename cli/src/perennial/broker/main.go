// Broker for a loop on one machine: kfake, with all that it keeps in one folder.
//
// It says where it listens in one line, and ends in order on SIGTERM, on SIGINT, and when standard
// input closes, as it does when its parent is gone. No topic is made by being asked for.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"
)

const (
	patience = 10 * time.Second // with a broker that is about to end
	asleep   = time.Minute      // by which a wall clock goes ahead of the machine's own
)

func main() {
	data := flag.String("data", "", "`folder` that keeps topics, records and commits")
	listen := flag.String("listen", "127.0.0.1:0", "`address`; port 0 is that of the last time, or a free one")
	every := flag.Duration("retention", 5*time.Minute,
		"`time` between two removals, as Kafka's log.retention.check.interval.ms")
	flag.Parse()
	if *data == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*data, *listen, *every); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(data, address string, every time.Duration) error {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		ended <- syscall.SIGTERM
	}()
	lock, err := lockFolder(data)
	if err != nil {
		return err
	}
	defer lock.Close()
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.MaxVersions(withoutTelemetry()),
		kfake.DataDir(data),
		kfake.SyncWrites(),
		kfake.ListenFn(func(string, string) (net.Listener, error) {
			return listen(address, filepath.Join(data, "address"))
		}),
		kfake.WithLogger(kfake.BasicLogger(os.Stderr, kfake.LogLevelWarn)),
	)
	if err != nil {
		return err
	}
	if err := forget(filepath.Join(data, "seq_windows.json")); err != nil {
		return err
	}
	fmt.Println(cluster.ListenAddrs()[0])
	removed := time.Now()
	due := time.NewTicker(every)
	for {
		select {
		case <-due.C: // not at once: what came before a long pause is still to be read
			if now := time.Now(); !slept(removed, now) {
				cluster.Compact() // and retention; kfake begins neither by itself after a start
			}
			removed = time.Now()
		case <-ended:
			cluster.Close()
			return nil
		}
	}
}

// slept tells whether the machine was suspended between two times, or its wall clock set ahead.
func slept(from, to time.Time) bool {
	return to.Round(0).Sub(from.Round(0))-to.Sub(from) > asleep
}

// forget removes what kfake writes at an end in order of the sequences of producers, and reads at
// every start: after a sudden end it would refuse producers for ever that have gone on since.
func forget(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// withoutTelemetry is what a broker answers that nobody has set up to collect clients' metrics.
func withoutTelemetry() *kversion.Versions {
	versions := kversion.Stable()
	for _, key := range []int16{71, 72} { // GetTelemetrySubscriptions, PushTelemetry
		versions.SetMaxKeyVersion(key, -1)
	}
	return versions
}

// lockFolder waits for a broker that is about to end; kfake itself would let two write.
func lockFolder(data string) (*os.File, error) {
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(data, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return lock, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end) {
			break
		}
	}
	lock.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("folder %s is in use by another broker", data)
	}
	return nil, fmt.Errorf("folder %s cannot be locked: %w", data, err)
}

// listen takes a port for port 0 and keeps it in a file, so that clients find the broker again.
func listen(address, kept string) (net.Listener, error) {
	if strings.HasSuffix(address, ":0") {
		if last, err := os.ReadFile(kept); err == nil {
			if listener, err := net.Listen("tcp", string(last)); err == nil {
				return listener, nil
			}
		}
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return listener, os.WriteFile(kept, []byte(listener.Addr().String()), 0o644)
}
