#!/usr/bin/perl
# An SMS centre on Net::SMPP (libnet-smpp-perl), independent of the library that members use. It takes
# the port to listen on and two files: each message that it takes becomes a line of JSON in the first, as
# in an outbox, with what the line was; each PDU that comes is named in the second. Texts are read by
# perl's own tables of GSM 03.38. The last digit of a number says what becomes of a message:
#   9 refused: invalid destination       8 refused: throttled
#   7 taken, receipt of failure          6 taken, receipt in parameters alone, without a text
#   5 taken, and then the centre unbinds 4 taken, and the connection cut without an answer
#   3 taken, and no receipt ever         any other: taken, receipt of delivery
# Before each receipt it asks whether the line is alive, and takes nothing while it is not.
use strict;
use warnings;
use Encode;
use Net::SMPP;

my ($port, $outbox, $events) = @ARGV;
$SIG{PIPE} = 'IGNORE';

my $listener = Net::SMPP->new_listen('127.0.0.1', port => $port, smpp_version => 0x34)
  or die "cannot listen: $!\n";
$| = 1;
print "listening\n";

my %names = (
  Net::SMPP::CMD_bind_transceiver, 'bind_transceiver',
  Net::SMPP::CMD_enquire_link, 'enquire_link',
  0x80000015, 'enquire_link_resp',
  Net::SMPP::CMD_unbind, 'unbind',
  0x80000006, 'unbind_resp',
  Net::SMPP::CMD_submit_sm, 'submit_sm',
  0x80000005, 'deliver_sm_resp',
);
my %refusals = (9 => 0x0b, 8 => 0x58);
my $next = 1;

# accept gives up after a while.
while (1) {
  my $client = $listener->accept or next;
  serve($client);
  $client->close;
  append($events, "closed\n");
}

sub serve {
  my ($client) = @_;
  while (my $pdu = $client->read_pdu) {
    my $cmd = $pdu->{cmd};
    append($events, ($names{$cmd} // $cmd) . "\n");
    if ($cmd == Net::SMPP::CMD_bind_transceiver) {
      my $known = $pdu->{system_id} eq 'callbook' && $pdu->{password} eq 'secret';
      $client->bind_transceiver_resp(
        system_id => 'smsc', seq => $pdu->{seq}, status => $known ? 0 : 0x0e);
    } elsif ($cmd == Net::SMPP::CMD_enquire_link) {
      $client->enquire_link_resp(seq => $pdu->{seq});
    } elsif ($cmd == Net::SMPP::CMD_unbind) {
      $client->unbind_resp(seq => $pdu->{seq});
      return;
    } elsif ($cmd == Net::SMPP::CMD_submit_sm) {
      submitted($client, $pdu) or return;
    }
  }
}

# Whether the connection goes on.
sub submitted {
  my ($client, $pdu) = @_;
  my $id = sprintf 'sm%06d', $next++;
  my ($behaviour) = $pdu->{destination_addr} =~ /(\d)$/;
  if (my $status = $refusals{$behaviour}) {
    $client->submit_sm_resp(message_id => '', seq => $pdu->{seq}, status => $status);
    return 1;
  }
  take($pdu);
  return 0 if $behaviour == 4;
  $client->submit_sm_resp(message_id => $id, seq => $pdu->{seq});
  if ($behaviour == 5) {
    $client->unbind(async => 1);
    return 1;
  }
  return 1 if $behaviour == 3;
  $client->enquire_link(async => 1);
  my $state = $behaviour == 7 ? 'UNDELIV' : 'DELIVRD';
  my @receipt = $behaviour == 6
    ? (short_message => '', receipted_message_id => "$id\0", message_state => "\x02")
    : (short_message => "id:$id sub:001 dlvrd:001 submit date:2611221200 "
        . "done date:2611221201 stat:$state err:000 text:");
  # Another's receipt first, which is of no use to anybody here.
  for my $fields ([short_message => 'id:other sub:001 dlvrd:001 stat:DELIVRD err:000 text:'],
    \@receipt) {
    $client->deliver_sm(
      esm_class => 4, source_addr => $pdu->{destination_addr},
      destination_addr => $pdu->{source_addr}, @$fields, async => 1);
  }
  return 1;
}

sub take {
  my ($pdu) = @_;
  my $text = decode('gsm0338', $pdu->{short_message});
  my ($code) = $text =~ /#(\S+)\z/;
  my %line = (
    to => "tel:+$pdu->{destination_addr}", text => $text, code => $code // '',
    by => "SMPP $pdu->{dest_addr_ton}/$pdu->{dest_addr_npi} coding $pdu->{data_coding}"
      . " receipt $pdu->{registered_delivery} valid $pdu->{validity_period}"
      . " from $pdu->{source_addr}",
  );
  my @fields;
  for my $name (sort keys %line) {
    my $value = $line{$name};
    $value =~ s/([\\"])/\\$1/g;
    $value =~ s/([\x00-\x1f])/sprintf '\\u%04x', ord $1/ge;
    push @fields, qq("$name":"$value");
  }
  append($outbox, encode('UTF-8', '{' . join(',', @fields) . "}\n"));
}

sub append {
  my ($path, $text) = @_;
  open my $file, '>>', $path or die "$path: $!\n";
  syswrite $file, $text;
  close $file;
}
