package Words;

use strict;
use warnings;

sub new {
    my ($class, %options) = @_;
    return bless { least => $options{least} // 1 }, $class;
}

sub count {
    my ($self, $text) = @_;
    my %seen;
    $seen{lc $_}++ for $text =~ /\w+/g;
    return { map { $_ => $seen{$_} } grep { $seen{$_} >= $self->{least} } keys %seen };
}

sub top {
    my ($self, $text, $most) = @_;
    my $count = $self->count($text);
    my @words = sort { $count->{$b} <=> $count->{$a} || $a cmp $b } keys %$count;
    return @words > $most ? @words[0 .. $most - 1] : @words;
}

1;
