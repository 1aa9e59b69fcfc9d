// SPDX-License-Identifier: MIT
//
// The actor rows for Go: actors ROW SIZE...
//
// What each row asks, and what would make it lie, stands at the head of the
// file of the same name in bench/maggie. Every row checks its result before
// it prints `name value unit`. An "actor" here is a goroutine and a channel:
// no links, no monitors, no address, a bounded mailbox, and memory shared
// with everybody else. The table says what such a thing costs, not that the
// two could stand for each other.
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// mailbox is the room of the channels that stand for mailboxes.
const mailbox = 1024

func check(ok bool, text string) {
	if !ok {
		fmt.Fprintln(os.Stderr, "failed:", text)
		os.Exit(1)
	}
}

func rate(name string, count int, took time.Duration, unit string) {
	fmt.Printf("%s %.1f %s\n", name, float64(count)*1e9/float64(took.Nanoseconds()), unit)
}

func resident() int {
	text, err := os.ReadFile("/proc/self/status")
	check(err == nil, "status")
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "VmRSS:") {
			kib, _ := strconv.Atoi(strings.Fields(line)[1])
			return kib * 1024
		}
	}
	check(false, "VmRSS")
	return 0
}

func spawnBatches(n int) int {
	home := make(chan int, 1000)
	sum := 0
	for first := 1; first <= n; first += 1000 {
		last := min(first+999, n)
		for i := first; i <= last; i++ {
			i := i
			go func() { home <- i }()
		}
		for i := first; i <= last; i++ {
			sum += <-home
		}
	}
	return sum
}

func spawn(n int) {
	spawnBatches(min(n, 10000))
	start := time.Now()
	sum := spawnBatches(n)
	took := time.Since(start)
	check(sum == n*(n+1)/2, "spawn")
	rate("spawn", n, took, "actors/s")
}

func spawnWait(n int) {
	start := time.Now()
	sum := 0
	for i := 1; i <= n; i++ {
		done := make(chan int, 1)
		i := i
		go func() { done <- i }()
		sum += <-done
	}
	took := time.Since(start)
	check(sum == n*(n+1)/2, "spawn_wait")
	rate("spawn_wait", n, took, "actors/s")
}

// idle gives every actor a mailbox of its own, of the least size.
func idle(n int) {
	ready := make(chan int, 1000)
	answers := make(chan int, 1)
	var sample []chan int
	before := resident()
	start := time.Now()
	for first := 1; first <= n; first += 1000 {
		last := min(first+999, n)
		var box chan int
		for i := first; i <= last; i++ {
			box = make(chan int, 1)
			own := box
			go func() {
				ready <- 1
				answers <- <-own + 1
			}()
		}
		sample = append(sample, box)
		for i := first; i <= last; i++ {
			<-ready
		}
	}
	took := time.Since(start)
	after := resident()
	for _, box := range sample {
		box <- 1
		check(<-answers == 2, "idle")
	}
	fmt.Printf("idle_bytes %.1f B\n", float64(after-before)/float64(n))
	rate("idle_create", n, took, "actors/s")
}

func play(n int) int {
	there := make(chan int, mailbox)
	back := make(chan int, mailbox)
	go func() {
		for i := 0; i < n; i++ {
			back <- <-there + 1
		}
	}()
	value := 0
	for i := 0; i < n; i++ {
		there <- value
		value = <-back
	}
	return value
}

func pingpong(n int) {
	play(min(n, 10000))
	start := time.Now()
	value := play(n)
	took := time.Since(start)
	check(value == n, "pingpong")
	rate("pingpong", n, took, "rt/s")
}

func pairs(count, n int) {
	done := make(chan int, count)
	start := time.Now()
	for i := 0; i < count; i++ {
		go func() { done <- play(n) }()
	}
	total := 0
	for i := 0; i < count; i++ {
		total += <-done
	}
	took := time.Since(start)
	check(total == count*n, "pairs")
	rate("pairs", total, took, "rt/s")
}

func ring(size, laps int) {
	home := make(chan int, mailbox)
	next := home
	for i := 1; i < size; i++ {
		box, to := make(chan int, mailbox), next
		go func() {
			for {
				token := <-box
				if token < 0 {
					to <- token
					return
				}
				to <- token + 1
			}
		}()
		next = box
	}
	turn := func(laps int) int {
		token := 0
		for i := 0; i < laps; i++ {
			next <- token + 1
			token = <-home
		}
		return token
	}
	turn(10)
	start := time.Now()
	token := turn(laps)
	took := time.Since(start)
	next <- -1
	check(<-home == -1, "ring: end")
	check(token == size*laps, "ring")
	rate("ring", token, took, "hops/s")
}

func fanin(producers, n int) {
	home := make(chan int, mailbox)
	start := time.Now()
	for i := 0; i < producers; i++ {
		go func() {
			for j := 1; j <= n; j++ {
				home <- j
			}
		}()
	}
	total := 0
	for i := 0; i < producers*n; i++ {
		total += <-home
	}
	took := time.Since(start)
	check(total == n*(n+1)/2*producers, "fanin")
	rate("fanin", producers*n, took, "msgs/s")
}

func skynetNode(number, size int, parent chan int) {
	if size == 1 {
		parent <- number
		return
	}
	home := make(chan int, 10)
	part := size / 10
	for i := 0; i < 10; i++ {
		go skynetNode(number+i*part, part, home)
	}
	total := 0
	for i := 0; i < 10; i++ {
		total += <-home
	}
	parent <- total
}

func skynet(size int) {
	home := make(chan int, 1)
	start := time.Now()
	go skynetNode(0, size, home)
	total := <-home
	took := time.Since(start)
	check(total == size*(size-1)/2, "skynet")
	fmt.Printf("skynet %.3f ms\n", took.Seconds()*1000)
}

// call makes a reply channel for each request, the usual way in Go.
func call(n int) {
	type request struct {
		value int
		reply chan int
	}
	server := make(chan request, mailbox)
	go func() {
		for r := range server {
			r.reply <- r.value + 1
		}
	}()
	value := 0
	start := time.Now()
	for i := 0; i < n; i++ {
		r := request{value, make(chan int, 1)}
		server <- r
		value = <-r.reply
	}
	took := time.Since(start)
	check(value == n, "call")
	rate("call", n, took, "calls/s")
}

// promiseChain makes each step a goroutine that waits for the step before it.
func promiseChain(length, rounds int) {
	chain := func() int {
		first := make(chan int, 1)
		last := first
		for i := 0; i < length; i++ {
			from, to := last, make(chan int, 1)
			go func() { to <- <-from + 1 }()
			last = to
		}
		first <- 0
		return <-last
	}
	chain()
	start := time.Now()
	total := 0
	for i := 0; i < rounds; i++ {
		total += chain()
	}
	took := time.Since(start)
	check(total == length*rounds, "promise_chain")
	rate("promise_chain", total, took, "steps/s")
}

type question struct {
	value int
	reply chan int
}

// window sends a window of requests, then looks at the answers.
func window(to chan question, replies []chan int, after func()) int {
	for i := range replies {
		replies[i] = make(chan int, 1)
		to <- question{i, replies[i]}
	}
	after()
	sum := 0
	for _, reply := range replies {
		sum += <-reply
	}
	return sum
}

func promiseAsync(size, n int) {
	server := make(chan question, mailbox)
	go func() {
		for q := range server {
			q.reply <- q.value + 1
		}
	}()
	replies := make([]chan int, size)
	start := time.Now()
	sum := 0
	for i := 0; i < n/size; i++ {
		sum += window(server, replies, func() {})
	}
	took := time.Since(start)
	check(sum == n/size*(size*(size+1)/2), "promise_async")
	rate("promise_async", n, took, "calls/s")
}

// promiseQueue keeps the requests in a channel that gets its server later.
func promiseQueue(size, n int) {
	server := make(chan question, mailbox)
	go func() {
		for q := range server {
			q.reply <- q.value + 1
		}
	}()
	replies := make([]chan int, size)
	start := time.Now()
	sum := 0
	for i := 0; i < n/size; i++ {
		queue := make(chan question, size)
		resolved := make(chan chan question, 1)
		go func() {
			to := <-resolved
			for q := range queue {
				to <- q
			}
		}()
		sum += window(queue, replies, func() {
			resolved <- server
			close(queue)
		})
	}
	took := time.Since(start)
	check(sum == n/size*(size*(size+1)/2), "promise_queue")
	rate("promise_queue", n, took, "calls/s")
}

func channel(pairs, capacity, n int) {
	sums := make(chan int, pairs)
	start := time.Now()
	for i := 0; i < pairs; i++ {
		c := make(chan int, capacity)
		go func() {
			for j := 1; j <= n; j++ {
				c <- j
			}
		}()
		go func() {
			sum := 0
			for j := 0; j < n; j++ {
				sum += <-c
			}
			sums <- sum
		}()
	}
	total := 0
	for i := 0; i < pairs; i++ {
		total += <-sums
	}
	took := time.Since(start)
	check(total == n*(n+1)/2*pairs, "channel")
	rate(fmt.Sprintf("channel_%d_%d", pairs, capacity), pairs*n, took, "values/s")
}

func choose(width, n int) {
	var c [8]chan int
	start := time.Now()
	for i := 0; i < width; i++ {
		own, value := make(chan int), i+1
		c[i] = own
		go func() {
			for j := 0; j < n/width; j++ {
				own <- value
			}
		}()
	}
	sum := 0
	for i := 0; i < n/width*width; i++ {
		v := 0
		if width == 2 {
			select {
			case v = <-c[0]:
			case v = <-c[1]:
			}
		} else {
			select {
			case v = <-c[0]:
			case v = <-c[1]:
			case v = <-c[2]:
			case v = <-c[3]:
			case v = <-c[4]:
			case v = <-c[5]:
			case v = <-c[6]:
			case v = <-c[7]:
			}
		}
		sum += v
	}
	took := time.Since(start)
	check(sum == width*(width+1)/2*(n/width), "select")
	rate(fmt.Sprintf("select_%d", width), n/width*width, took, "values/s")
}

// mutex changes one variable under a lock.
func mutex(name string, lockers, n int, unit string) {
	var lock sync.Mutex
	var done sync.WaitGroup
	value := 0
	start := time.Now()
	for i := 0; i < lockers; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			for j := 0; j < n/lockers; j++ {
				lock.Lock()
				value++
				lock.Unlock()
			}
		}()
	}
	done.Wait()
	took := time.Since(start)
	check(value == n/lockers*lockers, name)
	rate(name, value, took, unit)
}

func semaphore(takers, permits, n int) {
	places := make(chan struct{}, permits)
	counts := make(chan int, takers)
	start := time.Now()
	for i := 0; i < takers; i++ {
		go func() {
			taken := 0
			for j := 0; j < n/takers; j++ {
				places <- struct{}{}
				taken++
				<-places
			}
			counts <- taken
		}()
	}
	total := 0
	for i := 0; i < takers; i++ {
		total += <-counts
	}
	took := time.Since(start)
	check(total == n/takers*takers, "semaphore")
	rate("semaphore", total, took, "permits/s")
}

func waitgroup(children, rounds int) {
	home := make(chan int, children)
	start := time.Now()
	sum := 0
	for r := 0; r < rounds; r++ {
		var group sync.WaitGroup
		for i := 1; i <= children; i++ {
			group.Add(1)
			i := i
			go func() {
				defer group.Done()
				home <- i
			}()
		}
		group.Wait()
		for i := 0; i < children; i++ {
			sum += <-home
		}
	}
	took := time.Since(start)
	check(sum == children*(children+1)/2*rounds, "waitgroup")
	rate("waitgroup", children*rounds, took, "actors/s")
}

func pings(name, period string, there, back chan int, n int, pause, limit time.Duration) {
	samples := make([]time.Duration, 0, n)
	begun := time.Now()
	for len(samples) < n && time.Since(begun) < limit {
		if pause > 0 {
			time.Sleep(pause)
		}
		sent := time.Now()
		there <- len(samples)
		check(<-back == len(samples), "latency: echo")
		samples = append(samples, time.Since(sent))
	}
	took := time.Since(begun)
	sort.Slice(samples, func(i, j int) bool { return samples[i] < samples[j] })
	at := func(perMille int) float64 {
		return float64(samples[max(1, len(samples)*perMille/1000)-1].Nanoseconds()) / 1000
	}
	fmt.Printf("%s_p50 %.2f us\n", name, at(500))
	fmt.Printf("%s_p99 %.2f us\n", name, at(990))
	fmt.Printf("%s_p999 %.2f us\n", name, at(999))
	fmt.Printf("%s_max %.2f us\n", name, at(1000))
	fmt.Printf("%s %.2f us\n", period, float64(took.Nanoseconds())/float64(len(samples))/1000)
}

func latency(busy, n, ms int) {
	var stop atomic.Bool
	turns := make(chan int, busy)
	for i := 0; i < busy; i++ {
		go func() {
			count, sum := 0, 0
			for !stop.Load() {
				for j := 0; j < 100000; j++ {
					sum += j ^ count
				}
				count++
			}
			check(sum != 0, "latency: spin")
			turns <- count
		}()
	}
	there, back := make(chan int, 1), make(chan int, 1)
	go func() {
		for {
			back <- <-there
		}
	}()
	limit := time.Duration(ms) * time.Millisecond
	pings("latency", "latency_period", there, back, n, 0, limit)
	pings("latency_paced", "latency_paced_period", there, back, ms, time.Millisecond, limit)
	stop.Store(true)
	least, most := 1<<62, 0
	for i := 0; i < busy; i++ {
		count := <-turns
		least, most = min(least, count), max(most, count)
	}
	check(least > 0, "latency: a busy goroutine did no work")
	fmt.Printf("latency_fairness %.3f max/min\n", float64(most)/float64(least))
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func main() {
	var n []int
	for _, text := range os.Args[2:] {
		value, err := strconv.Atoi(text)
		check(err == nil, "sizes are numbers")
		n = append(n, value)
	}
	switch os.Args[1] {
	case "spawn":
		spawn(n[0])
	case "spawn_wait":
		spawnWait(n[0])
	case "idle":
		idle(n[0])
	case "pingpong":
		pingpong(n[0])
	case "pairs":
		pairs(n[0], n[1])
	case "ring":
		ring(n[0], n[1])
	case "fanin":
		fanin(n[0], n[1])
	case "skynet":
		skynet(n[0])
	case "call":
		call(n[0])
	case "latency":
		latency(n[0], n[1], n[2])
	case "promise_chain":
		promiseChain(n[0], n[1])
	case "promise_async":
		promiseAsync(n[0], n[1])
	case "promise_queue":
		promiseQueue(n[0], n[1])
	case "channel":
		channel(n[0], n[1], n[2])
	case "select":
		choose(n[0], n[1])
	case "mutex":
		mutex(fmt.Sprintf("mutex_%d", n[0]), n[0], n[1], "locks/s")
	case "mutex_value":
		mutex("mutex_value", n[0], n[1], "changes/s")
	case "semaphore":
		semaphore(n[0], n[1], n[2])
	case "waitgroup":
		waitgroup(n[0], n[1])
	case "wait":
		time.Sleep(time.Duration(n[0]) * time.Millisecond)
	default:
		check(false, "no such row")
	}
}
