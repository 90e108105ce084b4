// Package queue holds jobs by priority.
package queue

import (
	"errors"
	"sort"
	"strings"
)

// ErrEmpty is returned when there is no job.
var ErrEmpty = errors.New("queue: empty")

// Job has a name and a priority; a higher one comes first.
type Job struct {
	Name     string
	Priority int
}

// Store is where jobs are kept.
type Store interface {
	Push(job Job)
	Pop() (Job, error)
}

// Queue is a Store in memory.
type Queue struct {
	jobs []Job
}

var _ Store = (*Queue)(nil)

// Push adds a job behind those of the same priority.
func (q *Queue) Push(job Job) {
	at := sort.Search(len(q.jobs), func(i int) bool { return q.jobs[i].Priority < job.Priority })
	q.jobs = append(q.jobs, Job{})
	copy(q.jobs[at+1:], q.jobs[at:])
	q.jobs[at] = job
}

// Pop takes the first job.
func (q *Queue) Pop() (Job, error) {
	if len(q.jobs) == 0 {
		return Job{}, ErrEmpty
	}
	job := q.jobs[0]
	q.jobs = q.jobs[1:]
	return job, nil
}

// Names lists the jobs in their order.
func (q *Queue) Names() []string {
	names := make([]string, 0, len(q.jobs))
	for _, job := range q.jobs {
		names = append(names, job.Name)
	}
	return names
}

// Parse reads "name" or "name!", which is urgent.
func Parse(text string) (Job, bool) {
	name := strings.TrimSpace(text)
	if name == "" || name == "!" {
		return Job{}, false
	}
	if strings.HasSuffix(name, "!") {
		return Job{Name: strings.TrimSuffix(name, "!"), Priority: 10}, true
	}
	return Job{Name: name, Priority: 1}, true
}
